import type { Client } from 'pg';
import type { AirbyteMessage, ConfiguredStream, ConnectorContext } from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { beginTransaction, quoteQualified } from '@ewallet/postgres';
import { queryHeapTables } from './heap-table';
import { queryServerIdentity, querySnapshotBounds } from './server-state';
import { appendRolePath, type Session } from './session';
import type { Snapshot } from './snapshot';
import type { SourceConfig } from './source-config';
import { planStream, snapshotInDoubt } from './stream-plan';
import { readStream, selectedColumns } from './stream-reader';
import type { StreamState } from './stream-state';
import { streamName, type Column, type Table } from './table';
import { queryProvenXid } from './witness';

export interface TableReading {
  readonly session: Session;
  readonly config: SourceConfig;
  readonly tables: readonly Table[];
  readonly context: ConnectorContext;
  /** Called inside the transaction whose snapshot is read, before the reading. */
  readonly onSnapshot?: (client: Client) => Promise<void>;
  /** Of the table's columns, those that may be read; all where absent. */
  readonly columns?: readonly Column[];
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
  const { client, transaction } = session;
  const table = configuredTable(tables, stream, config);
  await beginTransaction(client, transaction);
  if (table.kind === 'view') await appendRolePath(client);
  if (table.hasRowVersions && table.kind !== 'materialized view') {
    // Before the snapshot, so that no rewrite of the table comes between it and the reading.
    await client.query(`lock table ${quoteQualified(table.schema, table.name)} in access share mode`);
  }
  const server = await queryServerIdentity(client);
  const { next } = await querySnapshotBounds(client);
  await reading.onSnapshot?.(client);
  const columns = selectedColumns(reading.columns ?? table.columns, stream);
  const proven = await provenXid(client, snapshotInDoubt(saved, server), table, next);
  const plan = planStream({ stream, table, columns, saved, config, server, next, proven });
  if (plan.notice !== undefined) await context.log.warn(plan.notice);
  const more = reading.more === undefined ? {} : { more: reading.more };
  yield* readStream({ client, server, config, context, now: Date.now, ...more }, stream, plan);
  await client.query('commit');
}

async function provenXid(
  client: Client,
  doubtful: Snapshot | undefined,
  table: Table,
  next: bigint,
): Promise<bigint | undefined> {
  const heaps = doubtful === undefined || !table.hasRowVersions ? undefined : await queryHeapTables(client, table);
  if (doubtful === undefined || heaps === undefined) return undefined;
  return queryProvenXid(client, heaps, table.columns, doubtful.witnesses, next);
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
  if (table === undefined || table.unreadable !== undefined) {
    throw Failure.config(
      `Table ${describe(stream)} is gone or cannot be read by ${config.connection.username}: refresh the schema, or GRANT SELECT on it.`,
    );
  }
  return table;
}

function describe({ descriptor: { name, namespace } }: ConfiguredStream): string {
  return namespace === undefined ? name : streamName({ schema: namespace, name });
}
