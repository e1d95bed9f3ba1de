import type { ProcessIdentity, ServiceState } from '@ewallet/child-services';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StackConnections } from '@ewallet/stack-connections';

export const SERVICE_NAMES = ['source', 'warehouse', 'kafka', 'schemaRegistry'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** The directory's own record of what runs from it. */
export interface StackState {
  readonly connections: StackConnections;
  /** Bootstrap servers of the broker's further listeners, by name. */
  readonly listeners: Readonly<Record<string, string>>;
  readonly services: readonly ServiceState<ServiceName>[];
  /** The process that the services end with; undefined where they outlive the one that started them. */
  readonly owner?: ProcessIdentity | undefined;
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
