import type { ProcessIdentity } from './process-identity';

/** How a service's process is started, now or again after a fault, by this process or by a later one. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
  /** PostgreSQL refuses to run as root; undefined means the user of this process. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What a clean stop is asked with. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
}

export interface ServiceState<Name extends string> {
  readonly name: Name;
  readonly launch: Launch;
  readonly process: ProcessIdentity | undefined;
}
