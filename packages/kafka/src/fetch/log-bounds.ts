import { groupByLeader } from '../connection/cluster';
import type { Cluster } from '../connection/cluster-types';
import { READ_COMMITTED } from '../connection/isolation';
import { partitionKey, type TopicPartition } from '../connection/topic-partition';

const EARLIEST = -2;
const LATEST = -1;

export interface LogBounds extends TopicPartition {
  /** The first offset that is still there. */
  readonly earliest: number;
  /** The offset after the last record that a read-committed consumer may read now. */
  readonly stable: number;
}

/** Where the logs of these partitions begin and end now. */
export async function readLogBounds(cluster: Cluster, partitions: readonly TopicPartition[]): Promise<LogBounds[]> {
  const bounds: LogBounds[] = [];
  for (const [nodeId, own] of groupByLeader(cluster, partitions)) {
    const broker = await cluster.findBroker({ nodeId });
    const list = async (timestamp: number) => {
      const topics = [...new Set(own.map(({ topic }) => topic))].map((topic) => ({
        topic,
        partitions: own.filter((entry) => entry.topic === topic).map(({ partition }) => ({ partition, timestamp })),
      }));
      const { responses } = await broker.listOffsets({ replicaId: -1, isolationLevel: READ_COMMITTED, topics });
      return new Map<string, number>(
        responses.flatMap((response) =>
          response.partitions.map(
            ({ partition, offset }) => [partitionKey({ topic: response.topic, partition }), Number(offset)] as const,
          ),
        ),
      );
    };
    const earliest = await list(EARLIEST);
    const stable = await list(LATEST);
    for (const { topic, partition } of own) {
      const key = partitionKey({ topic, partition });
      bounds.push({ topic, partition, earliest: earliest.get(key) ?? 0, stable: stable.get(key) ?? 0 });
    }
  }
  return bounds;
}
