import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StackConnections } from '@ewallet/stack-connections';
import type { ProcessIdentity } from './process-identity';

export const SERVICE_NAMES = ['source', 'warehouse', 'kafka', 'schemaRegistry'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

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

export interface ServiceState {
  readonly name: ServiceName;
  readonly launch: Launch;
  readonly process: ProcessIdentity | undefined;
}

/** The directory's own record of what runs from it. */
export interface StackState {
  readonly connections: StackConnections;
  /** Bootstrap servers of the broker's further listeners, by name. */
  readonly listeners: Readonly<Record<string, string>>;
  readonly services: readonly ServiceState[];
}

const stateFile = (dir: string): string => path.join(dir, 'stack.json');

export async function readState(dir: string): Promise<StackState | undefined> {
  try {
    return JSON.parse(await readFile(stateFile(dir), 'utf8')) as StackState;
  } catch {
    return undefined; // Missing, or cut off by a crash of the machine: either way nothing here is known to run.
  }
}

export async function writeState(dir: string, state: StackState): Promise<void> {
  const file = stateFile(dir);
  const next = `${file}.${process.pid}`;
  await writeFile(next, JSON.stringify(state, undefined, 2));
  await rename(next, file);
}
