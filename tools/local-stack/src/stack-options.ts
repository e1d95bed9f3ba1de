import type { Service } from '@ewallet/child-services';
import type { StackConnections } from '@ewallet/stack-connections';
import type { KafkaOptions } from './kafka';
import type { PostgresOptions } from './postgresql';
import type { ServiceName } from './service-state';

export interface StackOptions {
  /** Everything the stack writes lies here: data, logs, `stack.json`. Made when missing, used again when it exists. */
  readonly dir: string;
  /** The services to start; all four by default. Connections of the others are made up but nobody listens there. */
  readonly only?: readonly ServiceName[];
  readonly source?: PostgresOptions;
  readonly warehouse?: PostgresOptions;
  readonly kafka?: KafkaOptions;
  readonly schemaRegistry?: { readonly port?: number };
  /** The services keep running when this process ends; by default they are ended with it, even when it is killed. */
  readonly outlive?: boolean;
  /** Hears what takes time, one line each. */
  readonly say?: (line: string) => void;
}

export interface RunningStack {
  readonly dir: string;
  readonly connections: StackConnections;
  /** Bootstrap servers of the broker's further listeners, by name. */
  readonly listeners: Readonly<Record<string, string>>;
  /** One service, to stop, kill and start. Throws for one that this stack does not run. */
  service(name: ServiceName): Service<ServiceName>;
  /** Stops every service; the data stays in the directory. */
  stop(): Promise<void>;
}
