import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isObject, readJsonObject } from '@ewallet/failure';

/** What ewallet-sync has acknowledged: Kafka has it all. */
export type SyncedPosition =
  /** Of one stream: every row written by a transaction that it saw. */
  | { readonly kind: 'seen'; readonly below: bigint; readonly seen: readonly (readonly [bigint, bigint])[] }
  /** Of all streams: everything that was committed before this position of the server's log. */
  | { readonly kind: 'log'; readonly lsn: string };

/** Under this name lies the one state of a source that keeps all its streams in one. */
const GLOBAL = 'global';

/**
 * Reads the state that ewallet-sync keeps, as it is now.
 *
 * @param configFile of ewallet-sync
 * @returns by stream, `public.users`; a stream whose position cannot be told (never synced, being read for the first time,
 *   another source's state) is not there
 */
export async function readSyncedPositions(configFile: string): Promise<ReadonlyMap<string, SyncedPosition>> {
  try {
    const config = await readJsonObject(configFile);
    const name = typeof config.name === 'string' ? config.name : 'ewallet';
    const directory = typeof config.state_directory === 'string' ? config.state_directory : `${name}-state`;
    const file = path.resolve(path.dirname(configFile), directory, 'state.json');
    return syncedPositions(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return new Map(); // Nothing was synced yet, or it is not on this machine: then only what lands can tell.
  }
}

/** @param file the parsed state file of ewallet-sync */
export function syncedPositions(file: unknown): ReadonlyMap<string, SyncedPosition> {
  const { states, streams } = isObject(file) ? file : {};
  if (!isObject(states)) return new Map();
  const positions = new Map<string, SyncedPosition>();
  const lsn = at(states[GLOBAL], 'global', 'shared_state', 'lsn');
  if (typeof lsn === 'string') {
    const captured = at(states[GLOBAL], 'global', 'stream_states');
    for (const stream of Array.isArray(captured) ? (captured as readonly unknown[]) : []) {
      const isStreamed = at(stream, 'stream_state', 'phase') === 'stream';
      const id = streamOf(at(stream, 'stream_descriptor'));
      if (isStreamed && id !== undefined) positions.set(id, { kind: 'log', lsn });
    }
  }
  for (const stream of Array.isArray(streams) ? streams : []) {
    const position = seenBy(at(states[String(stream)], 'stream', 'stream_state'));
    const id = streamOf(at(states[String(stream)], 'stream', 'stream_descriptor'));
    if (position !== undefined && id !== undefined) positions.set(id, position);
  }
  return positions;
}

/** A stream that is being read for the first time, or again from some place, has unfinished rules: it says nothing yet. */
function seenBy(state: unknown): SyncedPosition | undefined {
  const [below, seen] = [at(state, 'snapshot', 'below'), at(state, 'snapshot', 'seen')];
  if (at(state, 'complete') !== true || at(state, 'unfinished') !== undefined) return undefined;
  if (typeof below !== 'string' || !/^\d+$/.test(below) || !Array.isArray(seen)) return undefined;
  const ranges = (seen as readonly unknown[]).map((range) => /^(\d+)(?:-(\d+))?$/.exec(String(range)));
  if (!ranges.every((range) => range !== null)) return undefined;
  return {
    kind: 'seen',
    below: BigInt(below),
    seen: ranges.map(([, first = '', last = first]) => [BigInt(first), BigInt(last)]),
  };
}

function streamOf(descriptor: unknown): string | undefined {
  const [name, namespace] = [at(descriptor, 'name'), at(descriptor, 'namespace')];
  return typeof name === 'string' && typeof namespace === 'string' ? `${namespace}.${name}` : undefined;
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}
