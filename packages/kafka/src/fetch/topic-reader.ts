import type { Cluster } from '../connection/cluster-types';
import { readLogBounds } from './log-bounds';
import { readPartition, type CommittedRecord } from './partition-reader';

/**
 * Every committed record of a topic, from its first to the last that a read-committed consumer may read now: one
 * partition after the other, each in order. Take what you need of a record before you ask for the next.
 *
 * @param cluster connected
 */
export async function* readTopic(cluster: Cluster, topic: string): AsyncGenerator<CommittedRecord> {
  await cluster.addMultipleTargetTopics([topic]);
  const partitions = cluster
    .findTopicPartitionMetadata(topic)
    .map(({ partitionId }) => ({ topic, partition: partitionId }));
  for (const { partition, earliest, stable } of await readLogBounds(cluster, partitions))
    yield* readPartition(cluster, { topic, partition, from: earliest, to: stable });
}
