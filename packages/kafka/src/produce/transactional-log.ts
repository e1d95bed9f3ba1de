import { Failure, isFailure } from '@ewallet/failure';
import { createErrorFromCode } from 'kafkajs/src/protocol/error';
import type { Broker, Cluster, ProducerIdentity } from '../connection/cluster-types';
import { describeTopics, partitionKey, type TopicPartition } from '../connection/topic-partition';
import { isConnectionLost, isFenced, isRetriable, kafkaError } from '../errors';
import { fillBatchHeader, nextSequence, type SealedBatch } from '../record-batch/batch-builder';
import type { LogFailures } from './log-failures';
import { produce, type ProduceResponse } from './produce-request';

const TRANSACTION_COORDINATOR = 1;
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/** Brokers forget an id that nothing was written under for `transactional.id.expiration.ms`, 7 days by default. */
const RENEWAL_MS = 6 * 3_600_000;

interface HeldId extends ProducerIdentity {
  readonly takenAt: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface TransactionalLogOptions {
  /** What transactions are written under. */
  readonly transactionalId: string;
  /**
   * By topic, the ids that another run writing it would take, or may be writing under. They are taken at the start, which
   * fences that run, and must still be ours at each commit of the topic.
   */
  readonly topicIds: ReadonlyMap<string, string>;
  /** The broker aborts a transaction that is open for longer. */
  readonly transactionTimeoutMs: number;
  /** How long one request is retried before the sync fails. */
  readonly deliveryTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How the caller words what went wrong: it knows its settings and whom to ask. */
  readonly failures: LogFailures;
  /** Milliseconds of a clock that only counts on. */
  readonly now: () => number;
}

/**
 * Kafka's transactional producer protocol over kafkajs' connections. kafkajs' own producer costs 9 µs of CPU a record in
 * its encoder; this one sends batches that are encoded already. One request is in flight for each broker, so that a retry
 * can never overtake: the broker tells a repeated batch by its sequence and takes it once.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-98+-+Exactly+Once+Delivery+and+Transactional+Messaging
 */
export class TransactionalLog {
  private producerId = -1n;
  private producerEpoch = -1;
  private openedAt: number | undefined;
  private readonly held = new Map<string, HeldId>();
  private readonly sequences = new Map<string, number>();
  private readonly inTransaction = new Map<string, TopicPartition>();

  constructor(
    private readonly cluster: Cluster,
    private readonly options: TransactionalLogOptions,
  ) {}

  /** Takes the transactional ids: aborts what earlier runs left open and fences those runs. */
  async open(): Promise<void> {
    const { transactionalId, topicIds } = this.options;
    for (const [topic, id] of topicIds) {
      if (id !== transactionalId) this.held.set(topic, await this.hold(id));
    }
    const { producerId, producerEpoch } = await this.takeId(transactionalId);
    this.producerId = BigInt(producerId);
    this.producerEpoch = producerEpoch;
  }

  private async hold(transactionalId: string): Promise<HeldId> {
    const { producerId, producerEpoch } = await this.takeId(transactionalId);
    return { transactionalId, producerId, producerEpoch, takenAt: this.options.now() };
  }

  private async takeId(transactionalId: string): ReturnType<Broker['initProducerId']> {
    return this.retry(`take the transactional id "${transactionalId}"`, [], async () => {
      const coordinator = await this.coordinator(transactionalId);
      return coordinator.initProducerId({ transactionalId, transactionTimeout: this.options.transactionTimeoutMs });
    });
  }

  /** Milliseconds since the transaction began; undefined while none is open. */
  get transactionAge(): number | undefined {
    return this.openedAt === undefined ? undefined : this.options.now() - this.openedAt;
  }

  /** Appends the batches, at most one per partition, and resolves once every broker has them in all in-sync replicas. */
  async append(batches: readonly SealedBatch[]): Promise<void> {
    await this.addToTransaction(batches);
    for (const batch of batches) {
      const key = partitionKey(batch);
      const firstSequence = this.sequences.get(key) ?? 0;
      fillBatchHeader(batch, { producerId: this.producerId, producerEpoch: this.producerEpoch, firstSequence });
      this.sequences.set(key, nextSequence(firstSequence, batch.records));
    }
    let waiting = batches;
    let attempts = 0;
    const topics = topicsOf(batches);
    await this.retry(`write to ${describeTopics(topics)}`, topics, async () => {
      attempts += 1;
      const outcomes = await Promise.all(
        [...(await this.byLeader(waiting))].map(([broker, mine]) => this.produce(broker, mine)),
      );
      const failed = outcomes.flat();
      waiting = failed.map(({ batch }) => batch);
      const fatal = failed.find(({ error }) => !isRetriable(error));
      const first = fatal ?? failed[0];
      if (first !== undefined) throw first.error;
    });
    // A connection of an attempt that was not answered may still be writing these bytes.
    if (attempts === 1) for (const { written } of batches) written?.();
  }

  /**
   * Resolves once read-committed consumers see everything appended since the last commit, and no other run had taken one of
   * its topics by then. The broker looks at our own id only: the topics' are asked for before, so that nothing becomes
   * visible, and again behind, for a run that came in between.
   */
  async commit(): Promise<void> {
    const topics = topicsOf([...this.inTransaction.values()]).filter((topic) => this.held.has(topic));
    await this.verifyHeld(topics, 'before');
    await this.end('commit');
    await this.verifyHeld(topics, 'behind');
  }

  /** Takes back everything appended since the last commit. */
  async abort(): Promise<void> {
    await this.end('abort');
  }

  private async verifyHeld(topics: readonly string[], when: 'before' | 'behind'): Promise<void> {
    await Promise.all(
      topics.map(async (topic) => {
        const held = this.held.get(topic);
        if (held === undefined) return;
        await this.askHeld(held, topic, when);
        if (this.options.now() - held.takenAt < RENEWAL_MS) return;
        this.held.set(topic, await this.hold(held.transactionalId));
      }),
    );
  }

  /** Ends a transaction that was never begun: the broker says so to who holds the id, and that it is fenced to who does not. */
  private async askHeld(held: HeldId, topic: string, when: 'before' | 'behind'): Promise<void> {
    const { transactionalId, producerId, producerEpoch } = held;
    await this.retry(
      'commit the transaction',
      [topic],
      async () => {
        const coordinator = await this.coordinator(transactionalId);
        try {
          await coordinator.endTxn({ transactionalId, producerId, producerEpoch, transactionResult: true });
        } catch (error) {
          if (kafkaError(error).type !== 'INVALID_TXN_STATE') throw error;
        }
      },
      (error) => this.options.failures.overtaken(error, { topic, transactionalId, committed: when === 'behind' }),
    );
  }

  private async end(how: 'commit' | 'abort'): Promise<void> {
    if (this.inTransaction.size === 0) return;
    await this.retry(`${how} the transaction`, [], async () => {
      const coordinator = await this.coordinator(this.options.transactionalId);
      await coordinator.endTxn({ ...this.identity(), transactionResult: how === 'commit' });
    });
    this.inTransaction.clear();
    this.openedAt = undefined;
  }

  private async addToTransaction(batches: readonly SealedBatch[]): Promise<void> {
    const fresh = batches.filter((batch) => !this.inTransaction.has(partitionKey(batch)));
    if (fresh.length === 0) return;
    const topics = topicsOf(fresh);
    await this.addTopics(topics, fresh).catch(async (error: unknown) => {
      // One of them was refused, and the broker says of the others only that it did not try: each by itself tells which.
      if (!(isFailure(error) && kafkaError(error.cause).type === 'OPERATION_NOT_ATTEMPTED')) throw error;
      for (const topic of topics) await this.addTopics([topic], fresh);
    });
    this.openedAt ??= this.options.now();
    for (const { topic, partition } of fresh)
      this.inTransaction.set(partitionKey({ topic, partition }), { topic, partition });
  }

  private async addTopics(topics: readonly string[], batches: readonly SealedBatch[]): Promise<void> {
    const partitions = topics.map((topic) => ({
      topic,
      partitions: batches.filter((batch) => batch.topic === topic).map(({ partition }) => partition),
    }));
    await this.retry(`begin a transaction on ${describeTopics(topics)}`, topics, async () => {
      const coordinator = await this.coordinator(this.options.transactionalId);
      await coordinator.addPartitionsToTxn({ ...this.identity(), topics: partitions });
    });
  }

  private async byLeader(batches: readonly SealedBatch[]): Promise<ReadonlyMap<Broker, readonly SealedBatch[]>> {
    const leaders = new Map<number, SealedBatch[]>();
    for (const batch of batches) {
      const metadata = this.cluster
        .findTopicPartitionMetadata(batch.topic)
        .find(({ partitionId }) => partitionId === batch.partition);
      if (metadata === undefined || metadata.leader < 0) throw createErrorFromCode(5); // LEADER_NOT_AVAILABLE
      leaders.set(metadata.leader, [...(leaders.get(metadata.leader) ?? []), batch]);
    }
    const brokers = new Map<Broker, readonly SealedBatch[]>();
    for (const [nodeId, mine] of leaders) brokers.set(await this.cluster.findBroker({ nodeId }), mine);
    return brokers;
  }

  private async produce(
    broker: Broker,
    batches: readonly SealedBatch[],
  ): Promise<readonly { readonly batch: SealedBatch; readonly error: unknown }[]> {
    const { transactionalId, requestTimeoutMs } = this.options;
    let answer: ProduceResponse;
    try {
      answer = await produce(broker, { transactionalId, timeoutMs: requestTimeoutMs, batches });
    } catch (error) {
      return batches.map((batch) => ({ batch, error }));
    }
    const codes = new Map(
      answer.topics.flatMap(({ topicName, partitions }) =>
        partitions.map(
          ({ partition, errorCode }) => [partitionKey({ topic: topicName, partition }), errorCode] as const,
        ),
      ),
    );
    return batches.flatMap((batch) => {
      const code = codes.get(partitionKey(batch));
      if (code === undefined) return [{ batch, error: Failure.system(`Kafka answered nothing for ${batch.topic}`) }];
      if (code === 0) return [];
      const error = createErrorFromCode(code);
      // The broker had this batch already: our first attempt arrived, only its answer was lost.
      return error.type === 'DUPLICATE_SEQUENCE_NUMBER' ? [] : [{ batch, error: this.refusal(batch, error) }];
    });
  }

  private refusal(batch: SealedBatch, error: Error & { readonly type: string }): Error {
    return TOO_LARGE.has(error.type) ? this.options.failures.tooLarge(batch, error) : error;
  }

  private identity(): ProducerIdentity {
    return {
      transactionalId: this.options.transactionalId,
      producerId: this.producerId.toString(),
      producerEpoch: this.producerEpoch,
    };
  }

  /** Asked of a broker directly: kafkajs' own search tries for 30 s where the answer is that the user may not know. */
  private async coordinator(transactionalId: string): Promise<Broker> {
    const broker = await this.cluster.findControllerBroker();
    const { coordinator } = await broker.findGroupCoordinator({
      groupId: transactionalId,
      coordinatorType: TRANSACTION_COORDINATOR,
    });
    return this.cluster.findBroker({ nodeId: coordinator.nodeId });
  }

  /** Repeats a request with growing pauses, metadata refreshed in between, until it succeeds or its time is up. */
  private async retry<Answer>(
    what: string,
    topics: readonly string[],
    request: () => Promise<Answer>,
    fenced = (error: unknown): Error => this.options.failures.fenced(error, what, this.transactionAge),
  ): Promise<Answer> {
    const deadline = this.options.now() + this.options.deliveryTimeoutMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await request();
      } catch (error) {
        if (isFenced(error)) throw fenced(error);
        if (!isRetriable(error) || this.options.now() + pause > deadline)
          throw this.options.failures.failed(error, what, topics);
        // The coordinator finishes the transaction before; nothing about the cluster has changed.
        const settling = kafkaError(error).type === 'CONCURRENT_TRANSACTIONS';
        await sleep(pause);
        if (!settling) await this.reconnect(isConnectionLost(error));
      }
    }
  }

  /**
   * Newer metadata. After a lost connection all of them are opened again: kafkajs keeps using a connection whose other end
   * vanished without a word, request after request running into its timeout.
   */
  private async reconnect(lost: boolean): Promise<void> {
    try {
      if (lost) await this.cluster.disconnect();
      if (lost || !this.cluster.isConnected()) await this.cluster.connect();
      await this.cluster.refreshMetadata();
    } catch {
      // The request that is tried next fails for the same reason and reports it.
    }
  }
}

function topicsOf(partitions: readonly { readonly topic: string }[]): readonly string[] {
  return [...new Set(partitions.map(({ topic }) => topic))];
}
