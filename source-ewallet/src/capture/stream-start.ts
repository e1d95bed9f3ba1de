import type { ConfiguredStream } from '@ewallet/airbyte';
import type { Client } from 'pg';
import type { Table } from '../tables/table';
import type { CaptureStart } from './capture-start';
import { streamKey, type CapturedState, type CaptureState } from './capture-state';
import type { CapturedTable } from './publication';
import { queryFilledColumns } from './recopy';

/** What the sync before left, and how this one starts. */
interface Saved {
  readonly saved: CaptureState;
  readonly start: CaptureStart;
  readonly filled: readonly string[];
}

/** What a stream begins this sync with: its saved state, or a copy. */
export function stateBefore(stream: ConfiguredStream, table: Table, { saved, start, filled }: Saved): CapturedState {
  const before = saved.streams.get(streamKey(stream.descriptor));
  const isSame = before !== undefined && before.generationId === stream.generationId;
  const columns = [...new Set([...(isSame ? before.columns : []), ...table.columns.map(({ name }) => name)])];
  if (isSame && start.kind === 'continued') {
    const { properties } = stream.jsonSchema;
    const chosen = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
    // What has to be copied first is known only then.
    const known = chosen.filter((name) => !filled.includes(name));
    return { ...before, columns: [...new Set([...before.columns, ...known])] };
  }
  const rows =
    isSame && start.kind === 'reread' && table.hasRowVersions && before.phase === 'stream' ? before.rows : undefined;
  return {
    phase: 'copy',
    generationId: stream.generationId,
    columns,
    seen: undefined,
    rows: rows === undefined ? undefined : { ...rows, mode: 'incremental', isComplete: true },
  };
}

/** The chosen columns that are new to a stream that continues, and came with values for rows that were there. */
export async function filledSince(
  client: Client,
  stream: ConfiguredStream,
  { captured, saved, start }: Pick<Saved, 'saved' | 'start'> & { readonly captured: CapturedTable },
): Promise<readonly string[]> {
  const { columns, leaves, table } = captured;
  const before = saved.streams.get(streamKey(stream.descriptor));
  if (before?.phase !== 'stream' || before.generationId !== stream.generationId || start.kind !== 'continued')
    return [];
  const { properties } = stream.jsonSchema;
  const names = columns
    .map(({ name }) => name)
    .filter((name) => !before.columns.includes(name) && Object.hasOwn(properties ?? {}, name));
  if (names.length === 0) return [];
  const filled = await queryFilledColumns(client, [table.oid, ...leaves.map(({ oid }) => oid)]);
  return names.filter((name) => filled.has(name));
}
