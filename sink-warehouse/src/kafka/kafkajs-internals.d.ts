/**
 * The inner modules of kafkajs 2.2.4 that the sink drives itself. Its public consumer cannot carry exactly once: the
 * join handlers are not awaited, the group's generation is hidden, and its read-committed filter leaks aborted records.
 * The version is pinned and the package has no `exports` map; only what is used is declared.
 */
declare module 'kafkajs/src/cluster' {
  namespace Cluster {
    interface KafkajsLogger {
      namespace(name: string): KafkajsLogger;
    }
    interface PartitionMetadata {
      readonly partitionId: number;
      readonly leader: number;
      readonly partitionErrorCode: number;
    }
    interface TopicMetadata {
      readonly topic: string;
      readonly isInternal?: boolean;
      readonly topicErrorCode: number;
      readonly partitionMetadata: readonly PartitionMetadata[];
    }
    interface Metadata {
      readonly topicMetadata: readonly TopicMetadata[];
    }
    interface JoinedGroup {
      readonly generationId: number;
      readonly leaderId: string;
      readonly memberId: string;
      readonly groupProtocol: string;
      readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
    }
    interface Broker {
      readonly nodeId: number | null;
      /** What the broker speaks, by API key; null before the first connection. */
      readonly versions: Readonly<
        Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
      > | null;
      readonly connectionPool: {
        send(message: { request: unknown; response: unknown; requestTimeout?: number | null }): Promise<unknown>;
      };
      isConnected(): boolean;
      connect(): Promise<void>;
      metadata(topics?: readonly string[]): Promise<Metadata>;
      joinGroup(options: {
        groupId: string;
        sessionTimeout: number;
        rebalanceTimeout: number;
        memberId: string;
        groupProtocols: readonly { name: string; metadata: Buffer }[];
      }): Promise<JoinedGroup>;
      syncGroup(options: {
        groupId: string;
        generationId: number;
        memberId: string;
        groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[];
      }): Promise<{ memberAssignment: Buffer }>;
      heartbeat(options: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
      leaveGroup(options: { groupId: string; memberId: string }): Promise<unknown>;
      offsetCommit(options: {
        groupId: string;
        groupGenerationId: number;
        memberId: string;
        topics: readonly {
          topic: string;
          partitions: readonly { partition: number; offset: string }[];
        }[];
      }): Promise<unknown>;
      listOffsets(options: {
        replicaId: number;
        isolationLevel: number;
        topics: readonly {
          topic: string;
          partitions: readonly { partition: number; timestamp: number }[];
        }[];
      }): Promise<{
        responses: readonly {
          topic: string;
          partitions: readonly { partition: number; offset: string }[];
        }[];
      }>;
    }
  }

  class Cluster {
    constructor(options: Record<string, unknown>);
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    refreshMetadata(): Promise<void>;
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
    findBroker(options: { nodeId: number | string }): Promise<Cluster.Broker>;
    findControllerBroker(): Promise<Cluster.Broker>;
    findGroupCoordinator(options: { groupId: string }): Promise<Cluster.Broker>;
    findTopicPartitionMetadata(topic: string): readonly Cluster.PartitionMetadata[];
  }
  export = Cluster;
}

declare module 'kafkajs/src/protocol/encoder' {
  class Encoder {
    writeBuffer(bytes: Buffer): this;
  }
  export = Encoder;
}

declare module 'kafkajs/src/network/socketFactory' {
  function socketFactory(): unknown;
  export = socketFactory;
}

declare module 'kafkajs/src/loggers' {
  import type { KafkajsLogger } from 'kafkajs/src/cluster';
  export function createLogger(options: {
    level: number;
    logCreator: (level: number) => (entry: KafkajsLogEntry) => void;
  }): KafkajsLogger;
  export interface KafkajsLogEntry {
    readonly level: number;
    readonly namespace: string;
    readonly label: string;
    readonly log: { readonly message: string } & Record<string, unknown>;
  }
}

declare module 'kafkajs/src/protocol/requests/fetch/v11/request' {
  function fetchRequest(options: {
    replicaId: number;
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    isolationLevel: number;
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[];
    }[];
  }): unknown;
  export = fetchRequest;
}
