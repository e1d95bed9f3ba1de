import type { Client } from 'pg';
import {
  SerialisedLines,
  streamStateMessage,
  streamStatusMessage,
  type AirbyteMessage,
  type AskedKeys,
  type ConfiguredStream,
  type ConnectorContext,
} from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { beginTransaction, quoteQualified, streamName } from '@ewallet/postgres';
import { KeyReader } from './asked-keys';
import { chooseCursor, queryIsAhead } from './cursor-column';
import { queryHeapTables, type HeapTable } from '../tables/heap-table';
import { isLocked, lockTable } from '../tables/locked-table';
import { goneColumns, mayHavePadding, selectedColumns } from '../position/read-columns';
import { paddedSql } from './select-list';
import { queryLogPlaces, queryServerIdentity, querySnapshotBounds, queryUpgradePlace } from '../server/server-state';
import { appendRolePath, type Session } from '../server/session';
import type { Snapshot } from '../position/snapshot';
import type { SourceConfig } from '../config/source-config';
import { planStream, positionOf, snapshotInDoubt } from './stream-plan';
import { readStream } from './stream-reader';
import type { StreamState } from '../position/stream-state';
import type { Column, Table } from '../tables/table';
import { queryTable } from '../tables/table-query';
import { queryProof, type Proof } from './witness';

export interface TableReading {
  readonly session: Session;
  readonly config: SourceConfig;
  readonly tables: readonly Table[];
  readonly context: ConnectorContext;
  /** Called inside the transaction whose snapshot is read, before the reading. */
  readonly onSnapshot?: (client: Client) => Promise<void>;
  /** Names of the columns that may be read; all where absent. */
  readonly columns?: ReadonlySet<string>;
  /** See {@link readStream}. */
  readonly more?: Uint8Array;
}

/** Reads one configured stream from its table in one repeatable-read transaction. */
export async function* readTable(
  reading: TableReading,
  stream: ConfiguredStream,
  saved: StreamState | undefined,
): AsyncGenerator<AirbyteMessage> {
  const { session, config, tables, context } = reading;
  const { client } = session;
  const table = await beginReading(session, configuredTable(tables, stream, config), stream, config);
  const server = await queryServerIdentity(client);
  const bounds = await querySnapshotBounds(client);
  const heaps = table.hasRowVersions ? await queryHeapTables(client, table) : undefined;
  const { next } = bounds;
  const { end, replayed } = await queryLogPlaces(client);
  const now = { server, next, replayed, upgradedAt: await queryUpgradePlace(client, next) };
  await reading.onSnapshot?.(client);
  if (reading.columns === undefined) await sayWhatIsGone(reading, table, stream);
  const columns = selectedColumns(table.columns, stream).filter(({ name }) => reading.columns?.has(name) ?? true);
  const proof = await proofFor(client, { doubtful: snapshotInDoubt(saved, now), table, heaps, next });
  const padded = await queryPadded(client, table, columns, saved);
  const isCursorAhead = await isAhead(client, table, stream, saved);
  const plan = planStream({ ...now, stream, table, columns, saved, config, proof, padded, isCursorAhead });
  if (plan.notice !== undefined) await context.log.warn(plan.notice);
  const more = reading.more === undefined ? {} : { more: reading.more };
  const here = { client, server, bounds, heaps, lsn: end };
  yield* readStream({ ...here, config, context, now: Date.now, ...more }, stream, plan);
  await client.query('commit');
}

/** @throws Failure where the key's column is gone: rows without it would not replace those that were sent */
async function sayWhatIsGone({ context }: TableReading, table: Table, stream: ConfiguredStream): Promise<void> {
  const gone = goneColumns(table.columns, stream);
  if (gone.length === 0) return;
  const names = `column${gone.length === 1 ? '' : 's'} ${gone.join(', ')}`;
  const what = `Stream ${describe(stream)} has no ${names} any more: dropped or renamed since the catalogue was made`;
  if (stream.primaryKey.some(([name]) => name !== undefined && gone.includes(name))) {
    throw Failure.config(`${what}, and its primary key needs it. Refresh the schema and choose its key again.`, {
      stream: stream.descriptor,
    });
  }
  await context.log.warn(`${what}. Its records come without: refresh the schema.`);
}

/** What a record has beside its columns: of a row that is there, and of one that is gone. */
export interface AskedMembers {
  readonly row?: Uint8Array;
  readonly gone: Uint8Array;
}

/** Reads the rows of a stream that its `asked_keys` name, in one transaction. Its state is empty: it covers these alone. */
export async function* readAskedRows(
  { session, config, tables }: Pick<TableReading, 'session' | 'config' | 'tables'>,
  stream: ConfiguredStream,
  asked: AskedKeys,
  members: AskedMembers,
): AsyncGenerator<AirbyteMessage> {
  const { client } = session;
  const now = Date.now;
  const table = await beginReading(session, configuredTable(tables, stream, config), stream, config);
  const keys = await KeyReader.open(client, table, { stream: stream.descriptor, asked, now });
  yield streamStatusMessage(stream.descriptor, 'STARTED', now());
  let count = 0;
  for (const lines of [keys.rows(selectedColumns(table.columns, stream), members.row), keys.gone(members.gone)]) {
    for (let part = await lines.next(); ; part = await lines.next()) {
      if (part.done === true) {
        count += part.value;
        break;
      }
      yield SerialisedLines.records(part.value);
    }
  }
  yield streamStateMessage(stream.descriptor, {}, count);
  yield streamStatusMessage(stream.descriptor, 'COMPLETE', now());
  await client.query('commit');
}

/** How often a stream is begun again because its table changed between a look at it and its lock. */
const MOST_BEGINNINGS = 5;

/** Begins the transaction that reads a stream, and gives its table as that transaction finds it. */
async function beginReading(
  { client, transaction }: Session,
  first: Table,
  stream: ConfiguredStream,
  config: SourceConfig,
): Promise<Table> {
  for (let known = first, count = 0; count < MOST_BEGINNINGS; count += 1) {
    await beginTransaction(client, transaction);
    if (known.kind === 'view') await appendRolePath(client);
    await lockTable(client, known);
    const found = await queryTable(client, known.schema, known.name);
    const table = configuredTable(found === undefined ? [] : [found], stream, config);
    if (await isLocked(client, known, table, selectedColumns(table.columns, stream))) return table;
    await client.query('rollback');
    known = table;
  }
  throw Failure.transient(
    `Table ${describe(stream)} was changed each of ${MOST_BEGINNINGS} times that its columns were looked at: the next attempt can succeed.`,
  );
}

async function isAhead(
  client: Client,
  table: Table,
  stream: ConfiguredStream,
  saved: StreamState | undefined,
): Promise<boolean> {
  if (stream.syncMode !== 'incremental') return false;
  const position = positionOf(saved, chooseCursor(table, stream.cursorField, stream.descriptor));
  return position !== undefined && queryIsAhead(client, position);
}

/** Names of the columns that rows may have been given with padding that is left out now, and that hold some. */
async function queryPadded(
  client: Client,
  table: Table,
  columns: readonly Column[],
  saved: StreamState | undefined,
): Promise<readonly string[]> {
  const padded: string[] = [];
  for (const column of columns.filter((one) => mayHavePadding(saved, one))) {
    const from = quoteQualified(table.schema, table.name);
    const { rowCount } = await client.query(`select from ${from} where ${paddedSql(column)} limit 1`);
    if (rowCount === 1) padded.push(column.name);
  }
  return padded;
}

async function proofFor(
  client: Client,
  asked: {
    readonly doubtful: Snapshot | undefined;
    readonly table: Table;
    readonly heaps: readonly HeapTable[] | undefined;
    readonly next: bigint;
  },
): Promise<Proof | undefined> {
  const { doubtful, table, heaps, next } = asked;
  if (doubtful === undefined || heaps === undefined) return undefined;
  return queryProof(client, heaps, { columns: table.columns, saved: doubtful, next });
}

/** @throws Failure that says why there is none to read */
function configuredTable(tables: readonly Table[], stream: ConfiguredStream, config: SourceConfig): Table {
  const { name, namespace } = stream.descriptor;
  const found = tables.filter((one) => one.name === name && (one.schema === namespace || namespace === undefined));
  if (found.length > 1) {
    const schemas = found.map(({ schema }) => schema).join(', ');
    throw Failure.config(
      `Stream ${name} has no namespace in the catalogue, and schemas ${schemas} each have such a table: name one as its namespace.`,
    );
  }
  const [table] = found;
  if (table?.unreadable === 'unlogged on a standby') {
    throw Failure.config(
      `Table ${describe(stream)} has no rows here: a standby has none of unlogged tables. Connect to the primary, or leave the stream out.`,
    );
  }
  if (table === undefined || table.unreadable === 'no privilege') {
    throw Failure.config(
      `Table ${describe(stream)} is gone or cannot be read by ${config.connection.username}: refresh the schema, or GRANT SELECT on it.`,
    );
  }
  return table;
}

function describe({ descriptor: { name, namespace } }: ConfiguredStream): string {
  return namespace === undefined ? name : streamName({ schema: namespace, name });
}
