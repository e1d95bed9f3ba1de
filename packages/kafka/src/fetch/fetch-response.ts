import type { AbortedTransaction } from './aborted-transactions';
import type { TopicPartition } from '../connection/topic-partition';
import type { PlainReader } from '../bytes/plain-reader';

/** What one partition gave in one fetch. `records` is the broker's bytes, not yet looked into. */
export interface FetchedPartition extends TopicPartition {
  /** Kafka's error code; 0 is none, 1 OFFSET_OUT_OF_RANGE, 3 UNKNOWN_TOPIC_OR_PARTITION, 6 NOT_LEADER_OR_FOLLOWER. */
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly records: Buffer;
}

/**
 * The body of a Fetch response after the correlation id. Versions 11 and 13 have the same fields; `read` knows how their
 * lengths are written, `topic` how a topic is named.
 */
export function readFetchResponse(read: PlainReader, topic: () => string): FetchedPartition[] {
  read.tags(); // the response header's
  read.int32(); // throttle time
  const errorCode = read.int16();
  if (errorCode !== 0) throw new Error(`the broker refused the fetch with error code ${errorCode}`);
  read.int32(); // session id
  const topics = read.array(() => {
    const name = topic();
    const partitions = read.array(() => ({ topic: name, ...readPartition(read) }));
    read.tags();
    return partitions;
  });
  return topics.flat();
}

function readPartition(read: PlainReader): Omit<FetchedPartition, 'topic'> {
  const partition = read.int32();
  const errorCode = read.int16();
  const highWatermark = read.int64();
  const lastStableOffset = read.int64();
  const logStartOffset = read.int64();
  const aborted = read.array(() => {
    const entry = { producerId: read.bigint64(), firstOffset: read.int64() };
    read.tags();
    return entry;
  });
  read.int32(); // preferred read replica: the leader is always asked
  const records = read.slice();
  read.tags();
  return { partition, errorCode, highWatermark, lastStableOffset, logStartOffset, aborted, records };
}
