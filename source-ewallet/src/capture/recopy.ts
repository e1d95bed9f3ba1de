import type { Client } from 'pg';
import { Stopped } from '../read/stream-reader';
import { readTable } from '../read/read-table';
import { readColumns, selectedColumns } from '../position/read-columns';
import { everything, type Rule } from '../position/resume-rules';
import type { ServerIdentity } from '../position/snapshot';
import { querySnapshotBounds } from '../server/server-state';
import { copiedColumns, type CapturedStream } from './captured-stream';
import { copySteps, type CopyReading, type CopyStep } from './first-copy';
import type { PartitionChanges } from './partition-watch';

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

/** Copies a table whose new columns have values in rows that nobody changed. */
export async function* copyFilled(
  reading: CopyReading,
  stream: CapturedStream,
  columns: readonly string[],
): AsyncGenerator<CopyStep> {
  yield* recopy(reading, stream, everything);
  stream.state = { ...stream.state, columns: [...new Set([...stream.state.columns, ...columns])] };
}

/**
 * Columns that have, or had when they were added, a value for rows that were there.
 *
 * @param tables oids of a table and of its partitions
 */
export async function queryFilledColumns(client: Client, tables: readonly number[]): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    `select distinct attname::text as name from pg_attribute
     where attrelid = any($1::oid[]) and attnum > 0 and not attisdropped and (atthasmissing or atthasdef or attidentity <> '')`,
    [tables],
  );
  return new Set(rows.map(({ name }) => name));
}
