import type Cluster from 'kafkajs/src/cluster';
import fetchRequest from 'kafkajs/src/protocol/requests/fetch/v11/request';
import type { AbortedTransaction } from './aborted-transactions';
import type { TopicPartition } from './assignment';

/** What one partition gave in one fetch. `records` is the broker's bytes, not yet looked into. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's error code; 0 is none, 1 OFFSET_OUT_OF_RANGE, 3 UNKNOWN_TOPIC_OR_PARTITION, 6 NOT_LEADER_OR_FOLLOWER. */
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly records: Buffer;
}

export interface FetchPosition extends TopicPartition {
  readonly offset: number;
  /** Undefined where the broker is too old to have ids, or any topic of the name will do. */
  readonly topicId?: string | undefined;
}

export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly partitions: readonly FetchPosition[];
  readonly maxBytesPerPartition: number;
}

export const FETCH = 1;
export const READ_COMMITTED = 1;

/**
 * One read-committed Fetch by topic names (version 11, Kafka 2.3 and later) over a kafkajs connection. kafkajs's own decoder makes an
 * object, a Long and a string a record before anybody can filter; this hands the record batches over as they came.
 */
export async function fetchByName(broker: Cluster.Broker, request: FetchRequest): Promise<FetchedPartition[]> {
  const byTopic = new Map<string, { partition: number; fetchOffset: string; maxBytes: number }[]>();
  for (const { topic, partition, offset } of request.partitions) {
    const entry = { partition, fetchOffset: offset.toString(), maxBytes: request.maxBytesPerPartition };
    const known = byTopic.get(topic);
    if (known === undefined) byTopic.set(topic, [entry]);
    else known.push(entry);
  }
  const answer = await broker.connectionPool.send({
    request: fetchRequest({
      replicaId: -1,
      maxWaitTime: request.maxWaitMs,
      minBytes: request.minBytes,
      maxBytes: request.maxBytes,
      isolationLevel: READ_COMMITTED,
      topics: [...byTopic].map(([topic, partitions]) => ({ topic, partitions })),
    }),
    response: {
      decode: (bytes: Buffer) => Promise.resolve({ partitions: decodeFetchResponse(bytes) }),
      parse: (decoded: unknown) => Promise.resolve(decoded),
    },
  });
  return (answer as { partitions: FetchedPartition[] }).partitions;
}

/** The body of a Fetch response, version 11, after the correlation id. */
export function decodeFetchResponse(bytes: Buffer): FetchedPartition[] {
  let at = 4; // throttle time
  const errorCode = bytes.readInt16BE(at);
  if (errorCode !== 0) throw new Error(`the broker refused the fetch with error code ${errorCode}`);
  at += 2 + 4; // error code, session id
  const int32 = () => bytes.readInt32BE((at += 4) - 4);
  const int64 = () => Number(bytes.readBigInt64BE((at += 8) - 8));
  const fetched: FetchedPartition[] = [];
  for (let topics = int32(); topics > 0; topics -= 1) {
    const nameLength = bytes.readInt16BE(at);
    at += 2;
    const topic = bytes.toString('utf8', at, (at += nameLength));
    for (let partitions = int32(); partitions > 0; partitions -= 1) {
      const partition = int32();
      const partitionError = bytes.readInt16BE(at);
      at += 2;
      const highWatermark = int64();
      const lastStableOffset = int64();
      const logStartOffset = int64();
      const aborted: AbortedTransaction[] = [];
      for (let count = int32(); count > 0; count -= 1) {
        const producerId = bytes.readBigInt64BE(at);
        at += 8;
        aborted.push({ producerId, firstOffset: int64() });
      }
      at += 4; // preferred read replica: the leader is always asked
      const length = int32();
      const records = bytes.subarray(at, at + Math.max(length, 0));
      at += Math.max(length, 0);
      fetched.push({
        topic,
        partition,
        errorCode: partitionError,
        highWatermark,
        lastStableOffset,
        logStartOffset,
        aborted,
        records,
      });
    }
  }
  return fetched;
}
