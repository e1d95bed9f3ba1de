import type { Broker } from '../connection/cluster-types';
import fetchRequest from 'kafkajs/src/protocol/requests/fetch/v11/request';
import type { TopicPartition } from '../connection/topic-partition';
import { READ_COMMITTED } from '../connection/isolation';
import { readFetchResponse, type FetchedPartition } from './fetch-response';
import { PlainReader } from '../bytes/plain-reader';

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

/**
 * One read-committed Fetch by topic names (version 11, Kafka 2.3 and later) over a kafkajs connection. kafkajs's own decoder makes an
 * object, a Long and a string per record before anybody can filter; this hands the record batches over as they came.
 */
export async function fetchByName(broker: Broker, request: FetchRequest): Promise<FetchedPartition[]> {
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
      decode: (bytes: Buffer) => {
        const read = new PlainReader(bytes);
        return Promise.resolve({ partitions: readFetchResponse(read, () => read.text()) });
      },
      parse: (decoded: unknown) => Promise.resolve(decoded),
    },
  });
  return (answer as { partitions: FetchedPartition[] }).partitions;
}
