/** A line of the guard's input, as JSON. The same id without `what` takes the order back. */
export interface GuardOrder {
  readonly id: number;
  readonly what: GuardedProcess | GuardedPath | GuardCommand;
}

export interface GuardedProcess {
  readonly kind: 'process';
  /** Leads a process group. */
  readonly pid: number;
  readonly signal: 'SIGTERM' | 'SIGINT';
}

export interface GuardedPath {
  readonly kind: 'path';
  readonly path: string;
}

export interface GuardCommand {
  readonly kind: 'command';
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
}
