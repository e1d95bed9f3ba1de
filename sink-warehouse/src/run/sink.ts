import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { asFailure, Failure, isFailure } from '@ewallet/failure';
import { durationSetting } from '@ewallet/postgres';
import { SchemaRegistry } from '@ewallet/avro';
import {
  DEFAULT_PATIENCE,
  asksToRejoin,
  type Cluster,
  Group,
  isHopeless,
  kafkaErrorName,
  type KafkajsLogEntry,
  type Membership,
  openCluster,
  type TopicPartition,
} from '@ewallet/kafka';
import type { SinkConfig } from '../config/sink-config';
import { DeadLetterBreaker } from '../deadletters/breaker';
import { migrateSinkSchema } from '@ewallet/sink-schema';
import { FencedOut } from '../state/fences';
import { refuseLentServers } from '../state/pooler';
import { readDecisions } from '../state/topic-tables';
import { readTargetState } from '../state/target-state';
import { openWarehouse } from '../state/with-warehouse';
import { answerInTime } from './answer-in-time';
import { Assembler } from './assembler';
import type { SinkEvents } from './events';
import { type ParkedTopic, ParkedTopics } from './parked-topics';
import { Session } from './session';
import { isWaitingForTopic, nextLookMs } from './topic-look';
import { TopicTables } from './topic-tables';
import { chosenPartitions } from './topic-watch';
import { WriterSchemas } from './writer-schemas';

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;
const STOP_PATIENCE_MS = 7000;
/** How often Kafka is told how far the warehouse is: lag tools and autoscalers look every 15 to 60 seconds. */
const PUBLISH_EVERY_MS = 5000;
/** A rebalance waits until every member has heard of it by a heartbeat: at Kafka's usual 3 s it took that long. */
const HEARTBEAT_MS = 500;
/** How often partitions that had no leader when the others were claimed are tried again. */
const RECLAIM_EVERY_MS = 5000;

/** Thrown into a session when the group or the topics changed: commit what there is and join again. */
class Rejoin extends Error {
  override readonly name = 'Rejoin';
}

/**
 * The sink's life: join the group, claim what it assigns, work until something ends the session, and begin again. Every
 * fault of the environment leads to the same road: forget all, claim anew, read on from the warehouse's offset.
 */
export class Sink {
  private readonly owner = `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  private readonly stopping = new AbortController();
  private session: Session | undefined;
  /** Aborted when the sink is resumed. */
  private paused: AbortController | undefined;
  private knowsTargetState = false;
  private readonly breaker: DeadLetterBreaker;
  private readonly parkedTopics: ParkedTopics;
  private cluster: Cluster | undefined;
  private failingSince: number | undefined;
  private backoffMs = FIRST_BACKOFF_MS;

  constructor(
    private readonly config: SinkConfig,
    private readonly events: SinkEvents,
    private readonly kafkaLog: (entry: KafkajsLogEntry) => void,
    private readonly now: () => number,
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

  /** Commits what there is and reads no more, but stays in the group: nobody else goes on with these partitions. */
  async pause(): Promise<void> {
    this.paused ??= new AbortController();
    const { session } = this;
    session?.end();
    await session?.ended;
  }

  /** Reads on from where the warehouse is. */
  resume(): void {
    this.paused?.abort();
    this.paused = undefined;
  }

  /** Commit what there is, leave the group, and let `run` return. */
  stop(): void {
    this.stopping.abort();
    this.resume();
    this.session?.end();
    // A join can block for as long as the slowest member of the group; nothing is in memory then that could be lost.
    setTimeout(() => void this.cluster?.disconnect(), STOP_PATIENCE_MS).unref();
  }

  /** Until `stop`, or a fault that no retry cures. */
  async run(): Promise<void> {
    const registry = new SchemaRegistry(this.config.registry);
    const assembler = new Assembler(
      new WriterSchemas(registry),
      new TopicTables(this.config, async (topic) => (await registry.latest(`${topic}-key`)) !== undefined),
      {
        deleteEnabled: this.config.deleteEnabled,
      },
    );
    try {
      while (!this.stopping.signal.aborted) {
        try {
          await this.connected(assembler);
        } catch (error) {
          await this.backOff(error);
        }
      }
    } finally {
      registry.close();
    }
  }

  /** One connection to Kafka: from connecting to its loss or the end. */
  private async connected(assembler: Assembler): Promise<void> {
    const cluster = openCluster(this.config.kafka, DEFAULT_PATIENCE, this.kafkaLog);
    this.cluster = cluster;
    const group = new Group(cluster, this.config.group);
    try {
      await cluster.connect();
      await cluster.refreshMetadata();
      while (!this.stopping.signal.aborted) {
        try {
          await this.member(cluster, group, assembler);
        } catch (error) {
          if (error instanceof Rejoin || asksToRejoin(error)) this.events.rejoining(kafkaErrorName(error));
          else if (error instanceof FencedOut) await this.backOff(error);
          else throw error;
        }
      }
    } finally {
      await group.leave().catch(() => undefined);
      await cluster.disconnect().catch(() => undefined);
    }
  }

  /** One generation of the group. */
  private async member(cluster: Cluster, group: Group, assembler: Assembler): Promise<void> {
    const partitions = await chosenPartitions(cluster, this.config.topics, this.config.errors.topic);
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    if (topics.length > 0) await cluster.addMultipleTargetTopics(topics);
    const membership = await group.join(topics, () =>
      chosenPartitions(cluster, this.config.topics, this.config.errors.topic),
    );
    const unknown = membership.partitions.map(({ topic }) => topic).filter((topic) => !topics.includes(topic));
    if (unknown.length > 0) await cluster.addMultipleTargetTopics([...new Set(unknown)]);
    const over = new AbortController();
    const watching = this.watch(cluster, group, partitions, over);
    try {
      while (!this.stopping.signal.aborted && !over.signal.aborted) {
        if (this.paused === undefined) await this.serve(cluster, group, membership, assembler, over);
        else await anyAborted(this.paused.signal, over.signal);
      }
      if (over.signal.aborted && !this.stopping.signal.aborted) throw over.signal.reason;
    } finally {
      over.abort();
      await watching;
    }
  }

  /** Heartbeats, and a look at the topics; ends the session when either says that the assignment is old. */
  private async watch(
    cluster: Cluster,
    group: Group,
    partitions: readonly TopicPartition[],
    over: AbortController,
  ): Promise<void> {
    const { topics, topicsRefreshMs: refreshMs, errors } = this.config;
    const assignedAt = this.now();
    const isWaiting = isWaitingForTopic(topics, partitions);
    let lookAt = assignedAt + nextLookMs({ isWaiting, assignedForMs: 0, tookMs: 0, refreshMs });
    let publishAt = assignedAt + PUBLISH_EVERY_MS;
    let reclaimAt = assignedAt + RECLAIM_EVERY_MS;
    while (!over.signal.aborted) {
      const restMs = Math.max(1, Math.min(HEARTBEAT_MS, lookAt - this.now()));
      await sleep(restMs, undefined, { signal: over.signal }).catch(() => undefined);
      if (isOver(over)) return;
      try {
        await group.heartbeat();
        if (this.now() >= publishAt) {
          publishAt = this.now() + PUBLISH_EVERY_MS;
          await this.publishOffsets(group, this.session);
        }
        if (this.now() >= reclaimAt) {
          reclaimAt = this.now() + RECLAIM_EVERY_MS;
          if (this.session?.lacksPartitions === true) {
            await cluster.refreshMetadata();
            this.session.end();
          }
        }
        // A new session tries them again, once this one has committed what it has.
        if (this.parkedTopics.isDue(this.now())) this.session?.end();
        if (this.now() < lookAt) continue;
        const lookedAt = this.now();
        const found = await chosenPartitions(cluster, topics, errors.topic);
        if (found.length !== partitions.length) throw new Rejoin('the topics changed');
        const tookMs = this.now() - lookedAt;
        lookAt = this.now() + nextLookMs({ isWaiting, assignedForMs: this.now() - assignedAt, tookMs, refreshMs });
      } catch (error) {
        over.abort(error);
        if (error instanceof Rejoin || asksToRejoin(error)) this.session?.end();
        else this.session?.fail(error);
      }
    }
  }

  /** One connection to the warehouse. */
  private async serve(
    cluster: Cluster,
    group: Group,
    membership: Membership,
    assembler: Assembler,
    over: AbortController,
  ): Promise<void> {
    const client = await this.openWarehouse();
    try {
      const open = async () => this.openWarehouse();
      await answerInTime(client, this.config.warehouseTimeoutMs, refuseLentServers(client, open));
      await answerInTime(client, this.config.warehouseTimeoutMs, migrateSinkSchema(client));
      assembler.learn(
        await answerInTime(client, this.config.warehouseTimeoutMs, readDecisions(client, this.config.name)),
      );
      await this.heedTargetState(client);
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
          now: this.now,
        },
        membership,
      );
      this.session = session;
      if (this.stopping.signal.aborted || over.signal.aborted || this.paused !== undefined) return;
      await session.run();
      await this.publishOffsets(group, session);
    } catch (error) {
      if (!isFailure(error) || error.kind === 'config_error' || over.signal.aborted) throw error;
      await this.backOff(error);
    } finally {
      this.session = undefined;
      // Not `end()`: a server that swallows bytes would keep the farewell waiting for ever.
      await Promise.race([client.end().catch(() => undefined), sleep(1000)]);
    }
  }

  /** A pause or a stop outlives the process that was asked for it; afterwards the REST API tells of each change. */
  private async heedTargetState(client: Client): Promise<void> {
    if (this.knowsTargetState) return;
    const state = await answerInTime(client, this.config.warehouseTimeoutMs, readTargetState(client, this.config.name));
    this.knowsTargetState = true;
    this.events.targetState(state);
  }

  /** A courtesy to lag tools: nothing depends on it, so a fault of it is no fault of the sink's. */
  private async publishOffsets(group: Group, session: Session | undefined): Promise<void> {
    const offsets = (session?.partitions ?? []).map(({ topic, partition, committedTo }) => ({
      topic,
      partition,
      offset: committedTo,
    }));
    await group.publishOffsets(offsets).catch(() => undefined);
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

  /** A commit proves that the fault is over. */
  private recovering(): SinkEvents {
    return {
      ...this.events,
      committed: (commit) => {
        this.failingSince = undefined;
        this.backoffMs = FIRST_BACKOFF_MS;
        this.events.committed(commit);
      },
    };
  }

  /** Waits before the next try, longer each time; throws where no try can help or `errors.retry.timeout` is over. */
  private async backOff(error: unknown): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const failure = explain(error);
    if (failure.kind === 'config_error') throw failure;
    this.failingSince ??= this.now();
    const { retryTimeoutMs } = this.config.errors;
    if (retryTimeoutMs !== undefined && this.now() - this.failingSince > retryTimeoutMs) throw failure;
    const waitMs = this.backoffMs;
    this.backoffMs = Math.min(LONGEST_BACKOFF_MS, this.backoffMs * 2);
    this.events.retrying(failure, waitMs);
    await sleep(waitMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

async function anyAborted(...signals: readonly AbortSignal[]): Promise<void> {
  const signal = AbortSignal.any([...signals]);
  if (!signal.aborted) await once(signal, 'abort');
}

/** A function, because the compiler takes what it read before an await for what it reads after it. */
function isOver(controller: AbortController): boolean {
  return controller.signal.aborted;
}

function explain(error: unknown): Failure {
  if (isFailure(error)) return error;
  if (error instanceof FencedOut)
    return Failure.transient(`A partition was taken over: ${error.message}.`, { cause: error });
  const name = kafkaErrorName(error);
  if (name.startsWith('KafkaJS') || /^[A-Z_]{6,}$/.test(name)) {
    const text = error instanceof Error ? error.message : name;
    return isHopeless(error)
      ? Failure.config(`Kafka refused: ${text}. Check credentials and rights.`, { cause: error })
      : Failure.transient(`Kafka: ${text}.`, { cause: error });
  }
  return asFailure(error);
}
