import type { ConfiguredStream } from '@ewallet/airbyte';
import type { Client } from 'pg';
import { readColumns } from '../position/read-columns';
import type { CaptureStart } from './capture-start';
import { streamKey, type CapturedState, type CaptureState } from './capture-state';
import type { CapturedTable } from './publication';
import { chosenColumns, queryFilledColumns, unreadSince, type UnreadColumn } from './unread-columns';

/** What the sync before left, and how this one starts. */
interface Saved {
  readonly saved: CaptureState;
  readonly start: CaptureStart;
  readonly unread: readonly UnreadColumn[];
}

/** What a stream begins this sync with: its saved state, or a copy. */
export function stateBefore(
  stream: ConfiguredStream,
  captured: CapturedTable,
  { saved, start, unread }: Saved,
): CapturedState {
  const { table } = captured;
  const before = saved.streams.get(streamKey(stream.descriptor));
  const isSame = before !== undefined && before.generationId === stream.generationId;
  const columns = [...new Set([...(isSame ? before.columns : []), ...table.columns.map(({ name }) => name)])];
  if (isSame && start.kind === 'continued') {
    // What has to be copied first is known only then.
    const known = chosenColumns(stream, captured).filter(({ name }) => unread.every((one) => one.name !== name));
    return {
      ...before,
      columns: [...new Set([...before.columns, ...known.map(({ name }) => name)])],
      rows:
        before.phase === 'copy' || before.rows?.columns === undefined
          ? before.rows
          : { ...before.rows, columns: new Map([...before.rows.columns, ...readColumns(known)]) },
    };
  }
  const rows =
    isSame && start.kind === 'reread' && table.hasRowVersions && before.phase === 'stream' ? before.rows : undefined;
  return {
    phase: 'copy',
    generationId: stream.generationId,
    columns,
    carried: [],
    seen: undefined,
    rows: rows === undefined ? undefined : { ...rows, mode: 'incremental', isComplete: true },
  };
}

/** The chosen columns of a stream that continues whose values were not given for every row. */
export async function queryUnread(
  client: Client,
  stream: ConfiguredStream,
  { captured, saved, start }: Pick<Saved, 'saved' | 'start'> & { readonly captured: CapturedTable },
): Promise<readonly UnreadColumn[]> {
  const before = saved.streams.get(streamKey(stream.descriptor));
  if (before?.phase !== 'stream' || before.generationId !== stream.generationId || start.kind !== 'continued')
    return [];
  const chosen = chosenColumns(stream, captured);
  const isNew = chosen.some(({ name }) => !before.columns.includes(name));
  const tables = [captured.table.oid, ...captured.leaves.map(({ oid }) => oid)];
  return unreadSince(before, chosen, isNew ? await queryFilledColumns(client, tables) : new Set());
}
