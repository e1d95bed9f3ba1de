import KafkajsCluster from 'kafkajs/src/cluster';
import { createLogger } from 'kafkajs/src/loggers';
import socketFactory from 'kafkajs/src/network/socketFactory';
import type { Cluster } from './cluster-types';
import { READ_COMMITTED } from './isolation';
import { restIdleConnections } from './request-queue';
import type { TopicPartition } from './topic-partition';

/** What kafkajs would print. */
export interface KafkajsLogEntry {
  readonly level: number;
  readonly namespace: string;
  readonly label: string;
  readonly log: { readonly message: string } & Record<string, unknown>;
}

/** How to reach the brokers. `ssl` and `sasl` are as kafkajs takes them. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl:
    | false
    | {
        readonly ca?: string;
        readonly cert?: string;
        readonly key?: string;
        readonly passphrase?: string;
        readonly rejectUnauthorized?: boolean;
      };
  readonly sasl?: object | undefined;
  readonly requestTimeoutMs: number;
}

/** How patient the connections are; each stage has its own measure. */
export interface ClusterPatience {
  readonly connectionTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  readonly retry: { readonly retries: number; readonly initialRetryTime: number; readonly maxRetryTime: number };
}

/** A lost broker is noticed in seconds; whoever asks retries by itself. */
export const DEFAULT_PATIENCE: ClusterPatience = {
  connectionTimeoutMs: 5_000,
  metadataMaxAgeMs: 60_000,
  retry: { retries: 3, initialRetryTime: 200, maxRetryTime: 2_000 },
};

const AUTHENTICATION_TIMEOUT_MS = 10_000;
const REAUTHENTICATION_MS = 10_000;
const ERRORS_TO_DEBUG = 4;

/**
 * Connections to the brokers, authentication and metadata; the caller connects and disconnects. kafkajs logs each retry
 * as an error, so what it would print goes to `log`; what is final arrives as an exception.
 */
export function openCluster(
  connection: KafkaConnection,
  patience: ClusterPatience,
  log: (entry: KafkajsLogEntry) => void,
): Cluster {
  restIdleConnections();
  return new KafkajsCluster({
    logger: createLogger({ level: ERRORS_TO_DEBUG, logCreator: () => log as (entry: unknown) => void }),
    socketFactory: socketFactory(),
    brokers: connection.brokers,
    clientId: connection.clientId,
    ssl: connection.ssl === false ? null : connection.ssl,
    sasl: connection.sasl,
    connectionTimeout: patience.connectionTimeoutMs,
    authenticationTimeout: AUTHENTICATION_TIMEOUT_MS,
    reauthenticationThreshold: REAUTHENTICATION_MS,
    requestTimeout: connection.requestTimeoutMs,
    enforceRequestTimeout: true,
    metadataMaxAge: patience.metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: READ_COMMITTED,
    retry: patience.retry,
  }) as unknown as Cluster; // kafkajs has no types for it; cluster-types.ts says what is used
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
