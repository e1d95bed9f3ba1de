import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Failure, unreadable } from '@ewallet/failure';
import { diskFailure } from './disk-failure';
import { errorCode } from './error-code';
import { jsonMember } from './json-member';
import { parseOwner, type StateOwner } from './state-owner';

/**
 * What is known between syncs. `states` are Airbyte state messages as exact JSON text by what they are of.
 * `unfinished` says that the last sync did not complete: the next one is its continuation and keeps its number, so that
 * a full refresh continues in its generation.
 */
export interface SyncState {
  readonly syncId: number;
  readonly unfinished: boolean;
  readonly states: ReadonlyMap<string, string>;
  /** The streams of the last sync, those included that the source no longer offered. */
  readonly streams: readonly string[];
  /** Undefined before the first sync, and in files of versions that did not write it. */
  readonly owner: StateOwner | undefined;
}

export const NOTHING_SYNCED: SyncState = {
  syncId: 0,
  unfinished: false,
  states: new Map(),
  streams: [],
  owner: undefined,
};

/** Under this name lies the one state of a source that keeps all its streams in one. */
export const GLOBAL_STATE = 'global';

/** The list of state messages that a source takes as --state. */
export function stateMessages(state: SyncState): string {
  return `[${[...state.states.values()].join(',')}]`;
}

/**
 * A state without the position of these streams: they are read from the start.
 *
 * @throws Failure config_error where the source keeps one state of all streams together
 */
export function forget(state: SyncState, streams: ReadonlySet<string>): SyncState {
  if (streams.size === 0) return state;
  if (state.states.has(GLOBAL_STATE)) {
    throw Failure.config(
      'The source keeps one state of all its streams, so one alone cannot be read from the start. Remove the state directory to read all of them again.',
    );
  }
  return { ...state, states: new Map([...state.states].filter(([of]) => !streams.has(of))) };
}

/** The state a sync starts from: a new sync gets a new number and reads its full refreshes from the start again. */
export function nextSync(state: SyncState, fullRefresh: ReadonlySet<string>): SyncState {
  if (state.unfinished) return state;
  return {
    ...state,
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
    throw Failure.config(`The state file ${file} cannot be read: ${unreadable(error)}.`, { cause: error });
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
  return {
    syncId: parsed.sync_id,
    unfinished: parsed.unfinished === true,
    states,
    // Versions that kept no list synced what they have a state of.
    streams: Array.isArray(parsed.streams)
      ? parsed.streams.map(String)
      : [...states.keys()].filter((of) => of !== GLOBAL_STATE),
    owner: parseOwner(parsed.owner),
  };
}

/**
 * Replaces the file whole: after a crash or a power cut it holds either the old state or the new one, and where the disk is
 * full the old one.
 *
 * @throws Failure that names the file
 */
export async function writeStateFile(file: string, state: SyncState): Promise<void> {
  const temporary = `${file}.new`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeDurably(temporary, stateText(state));
    await rename(temporary, file);
    await flushDirectory(path.dirname(file));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw diskFailure(error, `The state cannot be written to ${file}`);
  }
}

function stateText(state: SyncState): string {
  const members = [...state.states].map(([of, json]) => `    ${JSON.stringify(of)}: ${json}`);
  return `{
  "version": 1,
  "sync_id": ${state.syncId},
  "unfinished": ${state.unfinished},
  "owner": ${JSON.stringify(state.owner ?? null)},
  "streams": ${JSON.stringify(state.streams)},
  "states": {
${members.join(',\n')}
  }
}
`;
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
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
