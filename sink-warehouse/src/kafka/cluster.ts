import Cluster from 'kafkajs/src/cluster';
import { createLogger } from 'kafkajs/src/loggers';
import type { KafkajsLogEntry } from 'kafkajs/src/loggers';
import socketFactory from 'kafkajs/src/network/socketFactory';
import { partitionKey, type TopicPartition } from './assignment';

/** How to reach the brokers, as `consumer.override.*` gives it. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl:
    false | { readonly ca?: string; readonly cert?: string; readonly key?: string; rejectUnauthorized?: boolean };
  readonly sasl?: { readonly mechanism: string; readonly username: string; readonly password: string };
  readonly requestTimeoutMs: number;
}

const EARLIEST = -2;
const LATEST = -1;
const READ_COMMITTED = 1;

/** kafkajs's cluster: connections, authentication and metadata. `log` gets what kafkajs would print. */
export function openCluster(connection: KafkaConnection, log: (entry: KafkajsLogEntry) => void): Cluster {
  return new Cluster({
    logger: createLogger({ level: 4, logCreator: () => log }),
    socketFactory: socketFactory(),
    brokers: connection.brokers,
    clientId: connection.clientId,
    ssl: connection.ssl === false ? null : connection.ssl,
    sasl: connection.sasl,
    connectionTimeout: 5000,
    authenticationTimeout: 10_000,
    reauthenticationThreshold: 10_000,
    requestTimeout: connection.requestTimeoutMs,
    enforceRequestTimeout: true,
    metadataMaxAge: 60_000,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: READ_COMMITTED,
    retry: { retries: 3, initialRetryTime: 200, maxRetryTime: 2000 },
  });
}

/** Every topic of the cluster that is not the broker's own, with its partitions. */
export async function listTopics(cluster: Cluster): Promise<Map<string, number[]>> {
  const broker = await cluster.findControllerBroker();
  const { topicMetadata } = await broker.metadata([]);
  return new Map(
    topicMetadata
      .filter(({ topicErrorCode, isInternal }) => topicErrorCode === 0 && isInternal !== true)
      .map(({ topic, partitionMetadata }) => [
        topic,
        partitionMetadata.map(({ partitionId }) => partitionId).sort((a, b) => a - b),
      ]),
  );
}

/** Which broker leads each partition; partitions without a leader at the moment are left out. */
export function groupByLeader<Partition extends TopicPartition>(
  cluster: Cluster,
  partitions: readonly Partition[],
): Map<number, Partition[]> {
  const byLeader = new Map<number, Partition[]>();
  for (const partition of partitions) {
    const found = cluster
      .findTopicPartitionMetadata(partition.topic)
      .find(({ partitionId }) => partitionId === partition.partition);
    if (found === undefined || found.leader < 0) continue;
    const own = byLeader.get(found.leader);
    if (own === undefined) byLeader.set(found.leader, [partition]);
    else own.push(partition);
  }
  return byLeader;
}

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
