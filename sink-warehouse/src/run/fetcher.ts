import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@ewallet/failure';
import {
  type Cluster,
  type FetchedPartition,
  fetchFrom,
  groupByLeader,
  offsetAfter,
  partitionKey,
} from '@ewallet/kafka';
import { TopicTrouble } from '../load/topic-trouble';
import type { FetchQueue } from './fetch-queue';
import type { HeldPartition } from './held-partition';

interface FetcherOptions {
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly maxWaitMs: number;
}

const OFFSET_OUT_OF_RANGE = 1;
/** The broker moved a leader or restarts: look up who leads now and ask again. */
const STALE_METADATA: ReadonlySet<number> = new Set([3, 5, 6, 9, 13, 14, 74, 75, 76, 78]);
/** UNKNOWN_TOPIC_ID, INCONSISTENT_TOPIC_ID. */
const OTHER_TOPIC: ReadonlySet<number> = new Set([100, 103]);
const RETRY_MS = 250;

interface Fetching {
  /** Partitions by their key. */
  readonly held: ReadonlyMap<string, HeldPartition>;
  readonly queue: FetchQueue;
  readonly options: FetcherOptions;
  readonly park: (trouble: TopicTrouble) => void;
}

/**
 * Fetches from every broker that leads a held partition, one request at a time for each, while the last answer is being
 * worked on. Ends when the queue is closed; a fault that does not pass goes through `queue.fail`.
 */
export async function fetchAll(cluster: Cluster, { held, queue, options, park }: Fetching): Promise<void> {
  try {
    while (!queue.isClosed()) {
      const wanted = [...held.values()].filter(({ isParked }) => !isParked);
      const byLeader = groupByLeader(cluster, wanted);
      const led = [...byLeader.values()].reduce((count, own) => count + own.length, 0);
      const round = new AbortController();
      // Partitions without a leader are looked up again after a while; those that have one are read meanwhile.
      const refresh =
        led < wanted.length
          ? sleep(1000).then(() => {
              round.abort();
            })
          : undefined;
      await Promise.all(
        [...byLeader].map(([nodeId, own]) => fetchLoop(cluster, { nodeId, own, held, queue, options, round, park })),
      );
      await refresh;
      if (!queue.isClosed()) {
        if (byLeader.size === 0) await sleep(RETRY_MS);
        await cluster.refreshMetadata();
      }
    }
  } catch (error) {
    queue.fail(error);
  }
}

/** One broker's part of a round, which ends when a leader has to be looked up again. */
interface BrokerRound extends Fetching {
  readonly nodeId: number;
  /** Held partitions that the broker leads. */
  readonly own: readonly HeldPartition[];
  readonly round: AbortController;
}

async function fetchLoop(
  cluster: Cluster,
  { nodeId, own, held, queue, options, round, park }: BrokerRound,
): Promise<void> {
  const broker = await cluster.findBroker({ nodeId });
  while (!round.signal.aborted && !queue.isClosed()) {
    await queue.room();
    if (queue.isClosed()) return;
    const wanted = own.filter(({ isParked }) => !isParked);
    if (wanted.length === 0) return;
    const partitions = wanted.map(({ topic, partition, topicId, fetchOffset }) => ({
      topic,
      partition,
      topicId,
      offset: fetchOffset,
    }));
    const fetched = await fetchFrom(broker, { ...options, minBytes: 1, partitions });
    for (const part of fetched) {
      const partition = held.get(partitionKey(part));
      if (partition === undefined || partition.isParked) continue;
      const answer = judge(part, partition);
      if (answer === 'stale') {
        await sleep(RETRY_MS);
        round.abort();
        continue;
      }
      if (answer instanceof TopicTrouble) {
        park(answer);
        continue;
      }
      if (part.records.length === 0) continue;
      const next = offsetAfter(part.records);
      if (next === undefined) {
        park(new TopicTrouble(part.topic, oversized(part, options)));
        continue;
      }
      partition.fetchOffset = Math.max(next, partition.fetchOffset);
      queue.give(part);
    }
  }
}

/** `stale` where the broker has to be looked up again. */
function judge(part: FetchedPartition, partition: HeldPartition): 'records' | 'stale' | TopicTrouble {
  if (part.errorCode === 0) {
    partition.stableOffset = part.lastStableOffset;
    return 'records';
  }
  if (STALE_METADATA.has(part.errorCode)) return 'stale';
  if (part.errorCode === OFFSET_OUT_OF_RANGE) {
    throw Failure.transient(
      `${part.topic} partition ${part.partition}: offset ${partition.fetchOffset} is not in the topic any more.`,
    );
  }
  if (OTHER_TOPIC.has(part.errorCode)) {
    // The next claim compares the ids and decides by topic.reset.policy.
    throw Failure.transient(
      `${part.topic} partition ${part.partition}: the broker does not know the topic's id; it was deleted or recreated.`,
    );
  }
  return new TopicTrouble(
    part.topic,
    Failure.transient(
      `${part.topic} partition ${part.partition}: the broker refused to read it with error code ${part.errorCode}.`,
    ),
  );
}

/** Kafka returns a first batch whole whatever the limit, so this is a broker older than 0.10.1 or a broken answer. */
function oversized(part: FetchedPartition, options: FetcherOptions): Failure {
  return Failure.config(
    `${part.topic} partition ${part.partition}: a record batch does not fit in ${options.maxBytesPerPartition} bytes. Raise consumer.override.max.partition.fetch.bytes.`,
  );
}
