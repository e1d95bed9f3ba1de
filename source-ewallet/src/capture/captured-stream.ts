import type { ConfiguredStream } from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { configuredNames } from '../position/read-columns';
import type { CapturedState } from './capture-state';
import type { CapturedTable } from './publication';
import type { UnreadColumn } from './unread-columns';
import { sawTransaction, type SawTransaction } from './seen-transactions';
import { laterLsn, streamName, type Lsn } from '@ewallet/postgres';

/** A stream of the catalogue whose changes are captured. */
export interface CapturedStream {
  readonly configured: ConfiguredStream;
  readonly captured: CapturedTable;
  /** Columns that name a row in the destination. */
  readonly key: readonly string[];
  /** Names of the columns that the user chose, and of those that nobody could choose yet: they came later. */
  readonly takes: (column: string) => boolean;
  /** Whether a column is one of those that nobody could choose yet. */
  readonly isUnknown: (column: string) => boolean;
  state: CapturedState;
  /** Columns whose values rows have that nobody changed: the table is copied once more for them. */
  readonly unread: readonly UnreadColumn[];
  /** Undefined once the stream is past everything that its first snapshot saw. */
  saw: SawTransaction | undefined;
  /** Whether the transaction in hand was copied already. */
  isSeen: boolean;
}

/** @throws Failure where the destination's key is not in what an UPDATE or DELETE names */
export function capturedStream(
  configured: ConfiguredStream,
  captured: CapturedTable,
  state: CapturedState,
  unread: readonly UnreadColumn[],
): CapturedStream {
  const chosen = configured.primaryKey.flatMap((path) => path.slice(0, 1));
  const key = chosen.length > 0 ? chosen : captured.key;
  const name = streamName(captured.table);
  const { identity } = captured;
  if (identity !== 'full' && !key.every((column) => captured.key.includes(column))) {
    throw Failure.config(
      `Stream ${name} has the primary key ${key.join(', ')} in the catalogue, but a deletion names ${captured.key.join(', ')} only: ` +
        `take that as its key, or ALTER TABLE … REPLICA IDENTITY FULL.`,
      { stream: configured.descriptor },
    );
  }
  const properties = configuredNames(configured);
  const known = new Set(state.columns);
  const isUnknown = (column: string): boolean =>
    properties !== undefined && !properties.has(column) && !known.has(column);
  return {
    configured,
    captured,
    key,
    takes: (column) => properties === undefined || properties.has(column) || isUnknown(column),
    isUnknown,
    state,
    unread,
    saw: state.seen === undefined ? undefined : sawTransaction(state.seen),
    isSeen: false,
  };
}

/** Names of the columns to copy: the chosen ones that the publication has. */
export function copiedColumns(stream: CapturedStream): ReadonlySet<string> {
  return new Set(stream.captured.columns.map(({ name }) => name).filter(stream.takes));
}

/** The stream's state once the position is at `lsn`: past its first snapshot, nothing of that is kept. */
export function stateAt(stream: CapturedStream, lsn: Lsn): CapturedState {
  const { state } = stream;
  if (state.seen === undefined || state.phase === 'copy' || laterLsn(lsn, state.seen.until) !== lsn) return state;
  stream.saw = undefined;
  stream.state = { ...state, seen: undefined };
  return stream.state;
}
