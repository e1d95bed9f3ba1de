import type { Socket } from 'node:net';

/** kafkajs' cluster, as far as it is used: connections to the brokers, authentication and metadata. */
export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  refreshMetadata(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findBroker(options: { nodeId: number | string }): Promise<Broker>;
  /** On KRaft any broker. */
  findControllerBroker(): Promise<Broker>;
  findGroupCoordinator(options: { groupId: string }): Promise<Broker>;
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly partitionId: number;
  /** The node id of the broker that leads the partition; negative where none does. */
  readonly leader: number;
}

export interface TopicMetadata {
  readonly topic: string;
  readonly isInternal?: boolean;
  readonly topicErrorCode: number;
  readonly partitionMetadata: readonly PartitionMetadata[];
}

export interface Broker {
  readonly nodeId: number | null;
  /** What the broker speaks, by API key; null before the first connection. */
  readonly versions: Readonly<
    Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
  > | null;
  readonly connectionPool: {
    send(message: { request: unknown; response: unknown; requestTimeout?: number | null }): Promise<unknown>;
    /** The one for everything but Fetch, connected. */
    getConnection(): Promise<Connection>;
  };
  metadata(topics?: readonly string[]): Promise<{ readonly topicMetadata: readonly TopicMetadata[] }>;
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
  describeGroups(options: { groupIds: readonly string[] }): Promise<{
    readonly groups: readonly {
      readonly state: string;
      readonly members: readonly { readonly clientId: string; readonly clientHost: string }[];
    }[];
  }>;
  offsetCommit(options: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[];
  }): Promise<unknown>;
  listOffsets(options: {
    replicaId: number;
    isolationLevel: number;
    topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[];
  }): Promise<{
    responses: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[];
  }>;
  findGroupCoordinator(options: {
    groupId: string;
    coordinatorType: number;
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>;
  initProducerId(options: {
    transactionalId: string;
    transactionTimeout: number;
  }): Promise<{ readonly producerId: string; readonly producerEpoch: number }>;
  addPartitionsToTxn(
    options: ProducerIdentity & { topics: readonly { topic: string; partitions: readonly number[] }[] },
  ): Promise<unknown>;
  endTxn(options: ProducerIdentity & { transactionResult: boolean }): Promise<unknown>;
}

interface JoinedGroup {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly groupProtocol: string;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

export interface ProducerIdentity {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

/** One connection, below kafkajs' `send`: its queue keeps time-outs and order. */
export interface Connection {
  readonly clientId: string;
  readonly socket: Socket;
  readonly requestQueue: {
    /** Sends when its turn comes; the entry is settled by the answer, the time-out or the end of the connection. */
    push(request: {
      readonly entry: {
        readonly apiKey: number;
        readonly apiName: string;
        readonly apiVersion: number;
        readonly correlationId: number;
        resolve(answer: { readonly payload: Buffer }): void;
        reject(error: unknown): void;
      };
      readonly expectResponse: boolean;
      readonly requestTimeout: number;
      sendRequest(): void;
    }): void;
    /** Waits before the next request where the broker's quota wants that (KIP-219). */
    maybeThrottle(milliseconds: number | null): void;
  };
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  failIfNotConnected(): void;
  nextCorrelationId(): number;
}
