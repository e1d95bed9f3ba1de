import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '@ewallet/failure';
import { errorCode } from './error-code';
import { jsonMember } from './json-member';

/**
 * What is known between syncs. `states` are Airbyte state messages as exact JSON text by what they are of.
 * `unfinished` says that the last sync did not complete: the next one is its continuation and keeps its number, so that
 * a full refresh goes on in its generation.
 */
export interface SyncState {
  readonly syncId: number;
  readonly unfinished: boolean;
  readonly states: ReadonlyMap<string, string>;
}

export const NOTHING_SYNCED: SyncState = { syncId: 0, unfinished: false, states: new Map() };

/** The list of state messages that a source takes as --state. */
export function stateMessages(state: SyncState): string {
  return `[${[...state.states.values()].join(',')}]`;
}

/** The state a sync starts from: a new sync gets a new number and reads its full refreshes from the start again. */
export function nextSync(state: SyncState, fullRefresh: ReadonlySet<string>): SyncState {
  if (state.unfinished) return state;
  return {
    syncId: state.syncId + 1,
    unfinished: true,
    states: new Map([...state.states].filter(([of]) => !fullRefresh.has(of))),
  };
}

/** @throws Failure where the file is there and cannot be understood: guessing would read everything again, or lose rows. */
export async function readStateFile(file: string): Promise<SyncState> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return NOTHING_SYNCED;
    throw Failure.config(`The state file ${file} cannot be read.`, { cause: error });
  }
  const parsed = parse(text);
  const object = parsed?.states;
  if (parsed?.version !== 1 || typeof parsed.sync_id !== 'number' || typeof object !== 'object' || object === null) {
    throw Failure.config(
      `The state file ${file} is not one that ewallet-sync wrote. Restore it from a backup, or remove it to read every stream from the start.`,
    );
  }
  const exact = jsonMember(text, 'states') ?? '{}';
  const states = new Map(Object.keys(object).map((of) => [of, jsonMember(exact, of) ?? '{}']));
  return { syncId: parsed.sync_id, unfinished: parsed.unfinished === true, states };
}

/** Replaces the file whole: after a crash or a power cut it holds either the old state or the new one. */
export async function writeStateFile(file: string, state: SyncState): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const members = [...state.states].map(([of, json]) => `    ${JSON.stringify(of)}: ${json}`);
  const text = `{
  "version": 1,
  "sync_id": ${state.syncId},
  "unfinished": ${state.unfinished},
  "states": {
${members.join(',\n')}
  }
}
`;
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  const directory = await open(path.dirname(file), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
