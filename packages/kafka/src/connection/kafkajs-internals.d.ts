/**
 * The inner modules of kafkajs 2.2.4 that this package builds on. The package has no `exports` map, so they can be
 * required; its version is pinned. What they make is described by `cluster-types.ts`; ADR 0002 says why they are used.
 */
declare module 'kafkajs/src/cluster' {
  const Cluster: new (options: Record<string, unknown>) => object;
  export = Cluster;
}

declare module 'kafkajs/src/network/socketFactory' {
  function socketFactory(): unknown;
  export = socketFactory;
}

declare module 'kafkajs/src/loggers' {
  export function createLogger(options: {
    level: number;
    logCreator: (level: number) => (entry: unknown) => void;
  }): unknown;
}

declare module 'kafkajs/src/protocol/encoder' {
  class Encoder {
    writeBuffer(bytes: Buffer): this;
  }
  export = Encoder;
}

declare module 'kafkajs/src/protocol/error' {
  export function createErrorFromCode(code: number): Error & { readonly type: string; readonly retriable: boolean };
}

declare module 'kafkajs/src/protocol/requests/produce/v7/response' {
  export function decode(payload: Buffer): Promise<{
    readonly clientSideThrottleTime: number | null;
    readonly topics: readonly {
      readonly topicName: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly errorCode: number;
        readonly baseOffset: string;
      }[];
    }[];
  }>;
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

declare module 'kafkajs/src/network/requestQueue' {
  class RequestQueue {
    readonly pending: readonly unknown[];
    readonly throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
  }
  export = RequestQueue;
}
