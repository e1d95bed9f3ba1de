import { Stopped } from '../read/stream-reader';
import { readTable } from '../read/read-table';
import { readColumns, selectedColumns } from '../position/read-columns';
import { everything, type Rule } from '../position/resume-rules';
import type { ServerIdentity } from '../position/snapshot';
import { querySnapshotBounds } from '../server/server-state';
import { queryHeapTables, type HeapTable } from '../tables/heap-table';
import { copiedColumns, type CapturedStream } from './captured-stream';
import { copySteps, type CopyReading, type CopyStep } from './first-copy';
import type { PartitionChanges } from './partition-watch';
import { chosenColumns } from './unread-columns';

/**
 * Copies rows that the stream does not bring, of a table whose changes are streamed already. No transaction is left out of
 * the stream for it: what was changed meanwhile comes again, deletions too. Where it is interrupted it starts again.
 */
async function* recopy(reading: CopyReading, stream: CapturedStream, rules: readonly Rule[]): AsyncGenerator<CopyStep> {
  const { configured, captured } = stream;
  const saved = {
    mode: 'incremental' as const,
    isComplete: true,
    generationId: configured.generationId,
    cursorField: undefined,
    cursor: undefined,
    columns: readColumns(selectedColumns(captured.table.columns, configured)),
    rules,
  };
  const steps = readTable(
    { ...reading, columns: copiedColumns(stream) },
    { ...configured, syncMode: 'incremental', cursorField: [] },
    saved,
  );
  // The stream's own state stays: it is further than this copy.
  yield* copySteps(steps, () => undefined);
  if (reading.context.signal.aborted) throw new Stopped();
}

/** Copies partitions that were attached with their rows, and nothing of the others. */
export async function* copyAttached(
  reading: CopyReading & { readonly session: { readonly server: ServerIdentity } },
  stream: CapturedStream,
  { attached, heaps }: PartitionChanges,
): AsyncGenerator<CopyStep> {
  const { client, server } = reading.session;
  const { rows } = stream.state;
  const last = rows?.rules.at(-1);
  const first = Math.min(...attached.map(({ oid }) => oid));
  if (rows === undefined || last?.since === undefined) return;
  const isNew = new Set(attached.map(({ oid }) => oid));
  const files = new Map(heaps.filter(({ oid }) => !isNew.has(oid)).map(({ oid, file }) => [oid, file]));
  const { next } = await querySnapshotBounds(client);
  // Partitions before the first new one are passed over, those behind it are known: they have nothing that is newer than
  // now. What a transaction that still runs writes there is streamed.
  const now = { server, lsn: undefined, below: next, next, seen: [], files, witnesses: [], digestColumns: undefined };
  yield* recopy(reading, stream, [{ since: now, from: { table: first, block: 0 } }]);
  const since = {
    ...last.since,
    files: new Map([...last.since.files, ...attached.map((heap) => [heap.oid, heap.file] as const)]),
  };
  stream.state = { ...stream.state, rows: { ...rows, rules: [...rows.rules.slice(0, -1), { ...last, since }] } };
}

/** Copies a table whose columns have values in rows that nobody changed. */
export async function* copyUnread(reading: CopyReading, stream: CapturedStream): AsyncGenerator<CopyStep> {
  const { captured, configured, unread } = stream;
  const heaps = await queryHeapTables(reading.session.client, captured.table);
  yield* recopy(reading, stream, everything);
  const names = unread.map(({ name }) => name);
  const { carried, columns, rows } = stream.state;
  stream.state = {
    ...stream.state,
    columns: [...new Set([...columns, ...names])],
    carried: carried.filter((name) => !names.includes(name)),
    rows: rows?.columns === undefined ? rows : { ...rows, columns: readColumns(chosenColumns(configured, captured)) },
  };
  // A new type gave the table a new file, which was copied with it.
  rememberFiles(stream, heaps ?? []);
}

/** Copies the rows of a table that was rewritten: the log has no change for them. */
export async function* copyRewritten(
  reading: CopyReading,
  stream: CapturedStream,
  heap: HeapTable,
): AsyncGenerator<CopyStep> {
  yield* recopy(reading, stream, stream.state.rows?.rules ?? everything);
  rememberFiles(stream, [heap]);
}

/** Takes over the files of tables that the state knows, once nothing in them is left to copy or to tell. */
export function rememberFiles(stream: CapturedStream, heaps: readonly HeapTable[]): void {
  const { rows } = stream.state;
  const last = rows?.rules.at(-1);
  if (rows === undefined || last?.since === undefined) return;
  const { files } = last.since;
  const known = heaps.filter(({ oid }) => files.has(oid)).map(({ oid, file }) => [oid, file] as const);
  const since = { ...last.since, files: new Map([...files, ...known]) };
  stream.state = { ...stream.state, rows: { ...rows, rules: [...rows.rules.slice(0, -1), { ...last, since }] } };
}
