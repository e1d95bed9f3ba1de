import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Client } from 'pg';
import {
  AirbyteCatalogMessage,
  AirbyteConnectionStatus,
  AirbyteConnectionStatusMessage,
  AirbyteSpec,
  errorMessage,
  ReportedFailure,
  Source,
  streamStatusMessage,
  type AirbyteMessage,
  type ConfiguredCatalog,
  type ConfiguredStream,
  type ConnectorContext,
  type InputState,
} from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { beginTransaction, failureFromPostgres, inTransaction, quoteQualified } from '@ewallet/postgres';
import { checkSchemas, checkServer } from './check';
import { queryHeapTables } from './heap-table';
import { appendRolePath, openSession, type Session } from './session';
import { queryServerIdentity, querySnapshotBounds } from './server-state';
import type { Snapshot } from './snapshot';
import { parseSourceConfig, type SourceConfig } from './source-config';
import { streamCatalog } from './stream-catalog';
import { planStream, snapshotInDoubt } from './stream-plan';
import { readStream, selectedColumns, Stopped } from './stream-reader';
import { parseStreamState, type StreamState } from './stream-state';
import { streamName, type Table } from './table';
import { queryTables } from './table-query';
import { queryProvenXid } from './witness';

/** The e-wallet's PostgreSQL as an Airbyte source. */
export class EwalletSource extends Source {
  constructor(private readonly context: ConnectorContext) {
    super();
  }

  override spec(): Promise<AirbyteSpec> {
    const text = readFileSync(path.join(__dirname, '..', 'spec.json'), 'utf8');
    return Promise.resolve(new AirbyteSpec(JSON.parse(text) as AirbyteSpec['spec']));
  }

  override async check(json: Readonly<Record<string, unknown>>): Promise<AirbyteConnectionStatusMessage> {
    const config = parseSourceConfig(json);
    await withTransaction(config, async (client) => {
      const tables = await queryTables(client, config.schemas);
      await checkServer(client, config, tables, this.context.log);
    });
    return new AirbyteConnectionStatusMessage({ status: AirbyteConnectionStatus.SUCCEEDED });
  }

  override async discover(json: Readonly<Record<string, unknown>>): Promise<AirbyteCatalogMessage> {
    const config = parseSourceConfig(json);
    return withTransaction(config, async (client) => {
      await checkSchemas(client, config);
      const tables = await queryTables(client, config.schemas);
      return new AirbyteCatalogMessage({ streams: [...streamCatalog(tables, config.method)] });
    });
  }

  override async *readStreams(
    json: Readonly<Record<string, unknown>>,
    catalog: ConfiguredCatalog,
    state: InputState,
  ): AsyncGenerator<AirbyteMessage> {
    const config = parseSourceConfig(json);
    let session = await openSession(config);
    const failed: string[] = [];
    try {
      const { client, transaction } = session;
      const tables = await inTransaction(client, transaction, () => queryTables(client, schemasOf(catalog, config)));
      for (const stream of catalog.streams) {
        if (this.context.signal.aborted) break;
        try {
          yield* this.readOne(session, config, tables, stream, state);
        } catch (error) {
          yield streamStatusMessage(stream.descriptor, 'INCOMPLETE', Date.now());
          if (error instanceof Stopped) break;
          const failure = streamFailure(error, stream, config);
          yield errorMessage(failure, Date.now());
          failed.push(describe(stream));
          // Whatever state the session is in, the next stream begins on a fresh one.
          await session.close();
          session = await openSession(config);
        }
      }
    } finally {
      await session.close();
    }
    if (failed.length > 0) throw new ReportedFailure(`Could not read ${failed.join(', ')}.`);
  }

  private async *readOne(
    session: Session,
    config: SourceConfig,
    tables: readonly Table[],
    stream: ConfiguredStream,
    input: InputState,
  ): AsyncGenerator<AirbyteMessage> {
    const { client, transaction } = session;
    const saved = savedState(input, stream);
    const table = configuredTable(tables, stream, config);
    await beginTransaction(client, transaction);
    if (table.kind === 'view') await appendRolePath(client);
    if (table.hasRowVersions && table.kind !== 'materialized view') {
      // Before the snapshot, so that no rewrite of the table comes between it and the reading.
      await client.query(`lock table ${quoteQualified(table.schema, table.name)} in access share mode`);
    }
    const server = await queryServerIdentity(client);
    const { next } = await querySnapshotBounds(client);
    const columns = selectedColumns(table.columns, stream);
    const proven = await provenXid(client, snapshotInDoubt(saved, server), table, next);
    const plan = planStream({ stream, table, columns, saved, config, server, next, proven });
    if (plan.notice !== undefined) await this.context.log.warn(plan.notice);
    yield* readStream({ client, server, config, context: this.context, now: Date.now }, stream, plan);
    await client.query('commit');
  }
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

function savedState(input: InputState, stream: ConfiguredStream): StreamState | undefined {
  const { name, namespace } = stream.descriptor;
  const found = input.streams.find(({ descriptor }) => descriptor.name === name && descriptor.namespace === namespace);
  if (found === undefined || Object.keys(found.state).length === 0) return undefined;
  return parseStreamState(found.state, describe(stream));
}

function streamFailure(error: unknown, stream: ConfiguredStream, config: SourceConfig): Failure {
  const failure = failureFromPostgres(error, {
    what: `Could not read stream ${describe(stream)}`,
    stream: stream.descriptor,
    role: config.connection.username,
  });
  return failure.stream === undefined
    ? new Failure(failure.kind, {
        message: failure.message,
        ...(failure.detail === undefined ? {} : { detail: failure.detail }),
        cause: failure,
        stream: stream.descriptor,
      })
    : failure;
}

async function withTransaction<T>(config: SourceConfig, use: (client: Client) => Promise<T>): Promise<T> {
  const session = await openSession(config);
  try {
    return await inTransaction(session.client, session.transaction, () => use(session.client));
  } catch (error) {
    throw failureFromPostgres(error, { what: 'Could not ask the database', role: config.connection.username });
  } finally {
    await session.close();
  }
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

/** A stream without a namespace is looked for in each of the configuration's schemas. */
function schemasOf(catalog: ConfiguredCatalog, config: SourceConfig): readonly string[] {
  return [...new Set(catalog.streams.flatMap(({ descriptor: { namespace } }) => namespace ?? config.schemas))];
}

function describe(stream: ConfiguredStream): string {
  const { name, namespace } = stream.descriptor;
  return namespace === undefined ? name : streamName({ schema: namespace, name });
}
