/**
 * The parts of kafkajs 2.2.4 below its producer that we build on: cluster, brokers and the wire requests. The package
 * has no `exports` map, so they can be required; its version is pinned, and these are all the shapes we rely on.
 */
declare module 'kafkajs/src/cluster' {
  import type { Broker, Logger, PartitionMetadata } from 'kafkajs-internals';

  interface ClusterOptions {
    readonly logger: Logger;
    readonly socketFactory: unknown;
    readonly brokers: readonly string[];
    readonly ssl?: unknown;
    readonly sasl?: unknown;
    readonly clientId: string;
    readonly connectionTimeout: number;
    readonly authenticationTimeout: number;
    readonly reauthenticationThreshold: number;
    readonly requestTimeout: number;
    readonly enforceRequestTimeout: boolean;
    readonly metadataMaxAge: number;
    readonly retry: { readonly retries: number; readonly initialRetryTime: number; readonly maxRetryTime: number };
    readonly allowAutoTopicCreation: boolean;
    readonly maxInFlightRequests: number | null;
  }

  export default class Cluster {
    constructor(options: ClusterOptions);
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
    refreshMetadata(): Promise<void>;
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
    findBroker(options: { nodeId: number }): Promise<Broker>;
    removeBroker(address: { host: string; port: number }): void;
    findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
    /** On KRaft any broker. */
    findControllerBroker(): Promise<Broker>;
  }
}

declare module 'kafkajs/src/network/socketFactory' {
  export default function socketFactory(): unknown;
}

declare module 'kafkajs/src/protocol/error' {
  export function createErrorFromCode(code: number): Error & { readonly type: string; readonly retriable: boolean };
}

declare module 'kafkajs/src/protocol/requests/produce/v7/response' {
  import type { ProduceResponse } from 'kafkajs-internals';
  export function decode(payload: Buffer): Promise<ProduceResponse>;
}

declare module 'kafkajs-internals' {
  import type { Socket } from 'node:net';

  interface Logger {
    namespace(name: string): Logger;
    debug(message: string, extra?: unknown): void;
    info(message: string, extra?: unknown): void;
    warn(message: string, extra?: unknown): void;
    error(message: string, extra?: unknown): void;
  }
  interface PartitionMetadata {
    readonly partitionId: number;
    readonly leader: number;
    readonly replicas: readonly number[];
  }
  interface ProduceResponse {
    readonly clientSideThrottleTime: number | null;
    readonly topics: readonly {
      readonly topicName: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly errorCode: number;
        readonly baseOffset: string;
      }[];
    }[];
  }
  interface Connection {
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
  interface ProducerIdentity {
    readonly transactionalId: string;
    readonly producerId: string;
    readonly producerEpoch: number;
  }
  interface Broker {
    readonly nodeId: number;
    readonly connectionPool: {
      readonly host: string;
      readonly port: number;
      /** The one for everything but Fetch, connected. */
      getConnection(): Promise<Connection>;
    };
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
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
}
