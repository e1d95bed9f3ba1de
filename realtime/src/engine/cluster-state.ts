import type { ProcessIdentity, ServiceState } from '@ewallet/child-services';
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export type EngineName = 'JobManager' | 'TaskManager';

/** A local cluster's own record of what runs from its directory. */
export interface ClusterState {
  readonly restUrl: string;
  readonly ports: { readonly rpc: number; readonly rest: number };
  /** Starts the two processes again when one dies. */
  readonly supervisor: ProcessIdentity | undefined;
  readonly services: readonly ServiceState<EngineName>[];
  /** The job ran once since this start. */
  readonly ran: boolean;
}

const stateFile = (directory: string): string => path.join(directory, 'cluster.json');

export async function readClusterState(directory: string): Promise<ClusterState | undefined> {
  try {
    return JSON.parse(await readFile(stateFile(directory), 'utf8')) as ClusterState;
  } catch {
    return undefined; // Missing, or cut off by a crash of the machine: either way nothing here is known to run.
  }
}

export async function writeClusterState(directory: string, state: ClusterState): Promise<void> {
  const next = `${stateFile(directory)}.${process.pid}`;
  await writeFile(next, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  await rename(next, stateFile(directory));
}

const endFile = (directory: string): string => path.join(directory, 'ending');

/** Tells the supervisor that what ends now was meant to end, and is not to be started again. */
export async function announceEnd(directory: string): Promise<void> {
  await writeFile(endFile(directory), '');
}

export function isEndAnnounced(directory: string): boolean {
  return existsSync(endFile(directory));
}

export async function forgetEnd(directory: string): Promise<void> {
  await rm(endFile(directory), { force: true });
}
