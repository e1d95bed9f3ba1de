/**
 * The parts of kafkajs 2.2.4 below its producer that we build on: cluster, brokers and the wire requests. The package
 * has no `exports` map, so they can be required; its version is pinned, and these are all the shapes we rely on.
 */
declare module 'kafkajs/src/cluster' {
  import type { Broker, KafkaRequest, Logger, PartitionMetadata } from 'kafkajs-internals';

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
  export type { KafkaRequest };
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
    readonly topics: readonly {
      readonly topicName: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly errorCode: number;
        readonly baseOffset: string;
      }[];
    }[];
  }
  interface KafkaRequest<Answer> {
    readonly request: {
      readonly apiKey: number;
      readonly apiVersion: number;
      readonly apiName: string;
      expectResponse(): boolean;
      encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
    };
    readonly response: { decode(payload: Buffer): Promise<Answer>; parse(answer: Answer): Promise<Answer> };
    readonly requestTimeout?: number;
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
      send<Answer>(request: KafkaRequest<Answer>): Promise<Answer>;
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
