import { pause } from '@ewallet/command-line';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { Failure } from '@ewallet/failure';
import { durationSetting } from '@ewallet/postgres';
import { SchemaRegistry } from '@ewallet/avro';
import {
  DEFAULT_PATIENCE,
  type Cluster,
  Group,
  kafkaErrorName,
  type KafkajsLogEntry,
  openCluster,
} from '@ewallet/kafka';
import type { SinkConfig } from '../config/sink-config';
import { DeadLetterBreaker } from '../deadletters/breaker';
import { migrateSinkSchema } from '@ewallet/sink-schema';
import { refuseLentServers } from '../state/pooler';
import { readDecisions } from '../state/topic-tables';
import { readTargetState } from '../state/target-state';
import { openWarehouse } from '../state/with-warehouse';
import { answerInTime } from './answer-in-time';
import { Assembler } from './assembler';
import type { SinkEvents } from './events';
import { happeningOf } from './fault-reach';
import {
  afterwards,
  BEGINNING,
  type Happening,
  type LivingState,
  type SinkState,
  standsOn,
  type Wish,
} from './lifecycle';
import { type ParkedTopic, ParkedTopics } from './parked-topics';
import { Session } from './session';
import { Share } from './share';
import { TopicTables } from './topic-tables';
import { WriterSchemas } from './writer-schemas';

const STOP_PATIENCE_MS = 7000;

interface Connection {
  readonly cluster: Cluster;
  readonly group: Group;
}

/** What is the process' own and not the configuration's. */
interface Surroundings {
  readonly kafkaLog: (entry: KafkajsLogEntry) => void;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
  /** Whether records tell of the sync that they belong to. */
  readonly isTraced: boolean;
}

/**
 * Does what each state of the sink's life asks for. What comes after it is decided in lifecycle.ts; here is what has to be
 * opened and closed.
 */
export class Sink {
  private readonly owner = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  private readonly breaker: DeadLetterBreaker;
  private readonly parkedTopics: ParkedTopics;
  private readonly stopping = new AbortController();
  /** Aborted when a pause is over. */
  private resumed = new AbortController();
  private life = BEGINNING;
  private connection: Connection | undefined;
  private share: Share | undefined;
  private session: Session | undefined;
  private knowsTargetState = false;

  constructor(
    private readonly config: SinkConfig,
    private readonly events: SinkEvents,
    private readonly surroundings: Surroundings,
  ) {
    this.breaker = new DeadLetterBreaker(config.errors.breakerPerMinute);
    this.parkedTopics = new ParkedTopics(config.topicsRetryMs);
  }

  get partitions(): Session['partitions'] {
    return this.session?.partitions ?? [];
  }

  /** Topics that cannot land while others can. */
  get parked(): readonly ParkedTopic[] {
    return this.parkedTopics.list;
  }

  /** Whether the group gave this process its share, which may be nothing, and the warehouse let it claim that. */
  get isAssigned(): boolean {
    return this.session?.isClaimed ?? false;
  }

  /** Commits what there is and reads no more, but stays in the group: nobody else takes these partitions. */
  async pause(): Promise<void> {
    this.wish('pause');
    const { session } = this;
    session?.end();
    await session?.ended;
  }

  /** Reads on from where the warehouse is. */
  resume(): void {
    this.wish('run');
    this.wake();
  }

  /** Commit what there is, leave the group, and let `run` return. */
  stop(): void {
    this.wish('stop');
    this.stopping.abort();
    this.wake();
    this.session?.end();
    // A join can block for as long as the slowest member of the group; nothing is in memory then that could be lost.
    setTimeout(() => void this.connection?.cluster.disconnect(), STOP_PATIENCE_MS).unref();
  }

  /**
   * Until `stop`.
   *
   * @throws Failure that no retry cures, or that lasted longer than `errors.retry.timeout`
   */
  async run(): Promise<void> {
    const registry = new SchemaRegistry(this.config.registry);
    const assembler = new Assembler(
      new WriterSchemas(registry),
      new TopicTables(this.config, async (topic) => (await registry.latest(`${topic}-key`)) !== undefined),
      {
        deleteEnabled: this.config.deleteEnabled,
        isTraced: this.surroundings.isTraced,
      },
    );
    try {
      for (;;) {
        const { state } = this.life;
        await this.closeAbove(state);
        if (state.kind === 'stopped') return;
        if (state.kind === 'failed') throw state.failure;
        this.happened(await this.outcomeOf(state, assembler));
      }
    } finally {
      registry.close();
    }
  }

  private async outcomeOf(state: LivingState, assembler: Assembler): Promise<Happening> {
    try {
      await this.live(state, assembler);
      return { kind: 'done' };
    } catch (error) {
      const happening = happeningOf(error, {
        state,
        isShareOver: this.share?.isOver() ?? false,
        brokers: this.config.kafka.brokers,
      });
      if (happening.kind === 'outdated') this.events.rejoining(kafkaErrorName(error));
      return happening;
    }
  }

  private async live(state: LivingState, assembler: Assembler): Promise<void> {
    switch (state.kind) {
      case 'connecting':
        return this.connect();
      case 'joining':
        return this.join();
      case 'landing':
        return this.land(assembler);
      case 'paused':
        return this.restUntilResumed();
      case 'waiting':
        this.events.retrying(state.failure, state.waitMs);
        await pause(state.waitMs, this.stopping.signal);
        return;
      default:
        throw Failure.system(`Unknown state ${JSON.stringify(state satisfies never)}.`);
    }
  }

  private async connect(): Promise<void> {
    const cluster = openCluster(this.config.kafka, DEFAULT_PATIENCE, this.surroundings.kafkaLog);
    this.connection = { cluster, group: new Group(cluster, this.config.group) };
    await cluster.connect();
    await cluster.refreshMetadata();
  }

  private async join(): Promise<void> {
    const { config, surroundings, parkedTopics: parked } = this;
    const connection = open(this.connection, 'a connection to Kafka');
    const { now } = surroundings;
    this.share = await Share.join({ config, ...connection, parked, session: () => this.session, now });
  }

  private async restUntilResumed(): Promise<void> {
    const share = open(this.share, 'a share of the partitions');
    const signal = AbortSignal.any([this.resumed.signal, share.signal]);
    if (!signal.aborted) await once(signal, 'abort');
    if (share.isOver()) throw share.signal.reason;
  }

  /** One connection to the warehouse. */
  private async land(assembler: Assembler): Promise<void> {
    const share = open(this.share, 'a share of the partitions');
    const { cluster, group } = open(this.connection, 'a connection to Kafka');
    const client = await this.openWarehouse();
    try {
      await this.prepare(client, assembler);
      const session = new Session(
        {
          config: this.config,
          cluster,
          group,
          client,
          assembler,
          events: this.recovering(),
          breaker: this.breaker,
          parked: this.parkedTopics,
          owner: this.owner,
          now: this.surroundings.now,
        },
        share.membership,
      );
      this.session = session;
      if (this.life.wish === 'run' && !share.isOver()) {
        await session.run();
        await share.publishOffsets(session);
      }
    } finally {
      this.session = undefined;
      // Not `end()`: a server that swallows bytes would keep the farewell waiting for ever.
      await Promise.race([client.end().catch(() => undefined), sleep(1000)]);
    }
    if (share.isOver()) throw share.signal.reason;
  }

  /** What a session needs of the warehouse, and what an operator wanted when no process was there to be asked. */
  private async prepare(client: Client, assembler: Assembler): Promise<void> {
    const { name, warehouseTimeoutMs } = this.config;
    const inTime = async <T>(answer: Promise<T>) => answerInTime(client, warehouseTimeoutMs, answer);
    await inTime(refuseLentServers(client, async () => this.openWarehouse()));
    await inTime(migrateSinkSchema(client));
    assembler.learn(await inTime(readDecisions(client, name)));
    // Only once: afterwards the REST API tells of each change.
    if (this.knowsTargetState) return;
    const target = await inTime(readTargetState(client, name));
    this.knowsTargetState = true;
    this.events.targetState(target);
  }

  private async openWarehouse(): Promise<Client> {
    return openWarehouse(this.config, {
      retries: 0,
      connectTimeout: Math.min(10_000, this.config.warehouseTimeoutMs),
      statementTimeout: this.config.warehouseTimeoutMs,
      settings: {
        // A sink that was stopped in a transaction must not keep its locks from its successor.
        idle_in_transaction_session_timeout: durationSetting(this.config.warehouseTimeoutMs),
        // Shorter than the statement's own, so that a lock on one table is told from a warehouse that does not answer.
        lock_timeout: durationSetting(Math.ceil(this.config.warehouseTimeoutMs / 2)),
        client_min_messages: 'warning',
      },
    });
  }

  private recovering(): SinkEvents {
    return {
      ...this.events,
      committed: (commit) => {
        this.happened({ kind: 'committed' });
        this.events.committed(commit);
      },
    };
  }

  private happened(happening: Happening): void {
    const { retryTimeoutMs } = this.config.errors;
    this.life = afterwards(this.life, happening, { now: this.surroundings.now(), retryTimeoutMs });
  }

  private wish(wish: Wish): void {
    this.happened({ kind: 'wished', wish });
  }

  private wake(): void {
    this.resumed.abort();
    this.resumed = new AbortController();
  }

  /** Gives up what the state does not stand on. */
  private async closeAbove(state: SinkState): Promise<void> {
    const ground = standsOn(state);
    if (ground !== 'share') {
      const { share } = this;
      this.share = undefined;
      await share?.close();
    }
    if (ground === 'nothing') {
      const { connection } = this;
      this.connection = undefined;
      await connection?.group.leave().catch(() => undefined);
      await connection?.cluster.disconnect().catch(() => undefined);
    }
  }
}

function open<T>(resource: T | undefined, what: string): T {
  if (resource === undefined) throw Failure.system(`The sink needs ${what} here and has none.`);
  return resource;
}
