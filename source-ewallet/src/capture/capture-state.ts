import { Failure } from '@ewallet/failure';
import type { InputState, JsonObject, StreamDescriptor } from '@ewallet/airbyte';
import { formatStreamState, parseStreamState, type StreamState } from '../position/stream-state';
import { formatLsn, parseLsn, streamName } from '@ewallet/postgres';
import type { Position } from './position';
import { sawTransaction, type SeenTransactions } from './seen-transactions';

/** Where one captured stream stands. */
export interface CapturedState {
  /** `copy` until the first copy of the table is complete; its changes are streamed from then on. */
  readonly phase: 'copy' | 'stream';
  readonly generationId: number | undefined;
  /** Every column the table had when the catalogue was last taken over: one that is in neither is new. */
  readonly columns: readonly string[];
  /** Columns that changes had before the catalogue did: once they are chosen, rows have values that were carried beside them. */
  readonly carried: readonly string[];
  /** What the first snapshot saw; undefined once the stream is past all of it. */
  readonly seen: SeenTransactions | undefined;
  /** A lossless position of the table: how far its copy is, and the way back after the slot is lost. Undefined: nothing is copied yet. */
  readonly rows: StreamState | undefined;
}

/** What a sync by change data capture starts from. Undefined position: nothing was captured yet. */
export interface CaptureState {
  readonly position: Position | undefined;
  readonly streams: ReadonlyMap<string, CapturedState>;
}

const VERSION = 1;

export function formatPosition(position: Position): JsonObject {
  return {
    version: VERSION,
    method: 'CDC',
    slot: position.slot,
    ...(position.system === undefined ? {} : { system: position.system }),
    ...(position.timeline === undefined ? {} : { timeline: position.timeline }),
    lsn: formatLsn(position.lsn),
    // What ewallet-sync reads to know that `source-ewallet confirm` is to be run once this state is safe.
    confirm: true,
  };
}

export function formatCaptured(state: CapturedState): JsonObject {
  return {
    version: VERSION,
    method: 'CDC',
    phase: state.phase,
    ...(state.generationId === undefined ? {} : { generation_id: state.generationId }),
    columns: state.columns,
    ...(state.carried.length === 0 ? {} : { carried: state.carried }),
    ...(state.seen === undefined
      ? {}
      : { first_snapshot: { seen: state.seen.snapshot, until: formatLsn(state.seen.until) } }),
    ...(state.rows === undefined ? {} : { rows: formatStreamState(state.rows) }),
  };
}

/** @throws Failure where the state is not one that this or an earlier version wrote */
export function parseCaptureState(input: InputState): CaptureState {
  const { shared } = input;
  if (shared === undefined || Object.keys(shared).length === 0) {
    if (input.streams.length === 0) return { position: undefined, streams: new Map() };
    throw Failure.config(
      'The state is of another replication method than CDC: reset the connection to copy its tables once more, or choose that method again.',
    );
  }
  if (shared.method !== 'CDC' || shared.version !== VERSION) {
    throw Failure.config(
      typeof shared.version === 'number' && shared.version > VERSION
        ? 'The state was written by a newer version of this source: use that version, or reset the connection.'
        : 'The GLOBAL state is not one of this source: reset the connection to copy its tables once more.',
    );
  }
  const lsn = parseLsn(typeof shared.lsn === 'string' ? shared.lsn : '');
  if (typeof shared.slot !== 'string' || lsn === undefined) throw damaged('');
  return {
    position: {
      slot: shared.slot,
      system: typeof shared.system === 'string' ? shared.system : undefined,
      timeline: typeof shared.timeline === 'number' ? shared.timeline : undefined,
      lsn,
    },
    // A stream of full refreshes has the state that it has by the other methods.
    streams: new Map(
      input.streams
        .filter(({ state }) => state.method === 'CDC')
        .map(({ descriptor, state }) => [streamKey(descriptor), parseCaptured(state, descriptor)]),
    ),
  };
}

export function streamKey({ name, namespace }: StreamDescriptor): string {
  return JSON.stringify([namespace ?? '', name]);
}

function parseCaptured(state: JsonObject, descriptor: StreamDescriptor): CapturedState {
  const name = streamName({ schema: descriptor.namespace ?? 'public', name: descriptor.name });
  const { phase, rows } = state;
  if (state.version !== VERSION || (phase !== 'copy' && phase !== 'stream')) throw damaged(name);
  if (rows === undefined ? phase !== 'copy' : typeof rows !== 'object' || rows === null) throw damaged(name);
  return {
    phase,
    generationId: typeof state.generation_id === 'number' ? state.generation_id : undefined,
    columns: names(state.columns),
    carried: names(state.carried),
    seen: parseSeen(state.first_snapshot, name),
    rows: rows === undefined ? undefined : parseStreamState(rows as JsonObject, name),
  };
}

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

function parseSeen(value: unknown, stream: string): SeenTransactions | undefined {
  if (value === undefined || value === null) return undefined;
  const { seen, until } = value as { seen?: unknown; until?: unknown };
  const lsn = parseLsn(typeof until === 'string' ? until : '');
  if (typeof seen !== 'string' || lsn === undefined) throw damaged(stream);
  const parsed = { snapshot: seen, until: lsn };
  try {
    sawTransaction(parsed);
  } catch {
    throw damaged(stream);
  }
  return parsed;
}

function damaged(stream: string): Failure {
  return Failure.config(
    `The state${stream === '' ? '' : ` of stream ${stream}`} is damaged: reset the connection to copy its tables once more.`,
  );
}
