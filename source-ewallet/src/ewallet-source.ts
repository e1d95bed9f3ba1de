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
import { failureFromPostgres, inTransaction, streamName } from '@ewallet/postgres';
import { captureCatalog } from './capture/capture-catalog';
import { absentMembers, copiedMembers } from './capture/capture-fields';
import type { CaptureConfig } from './config/capture-config';
import { readCapture } from './capture/capture-run';
import { confirmState } from './capture/confirm';
import { queryCapturedTables, requirePublication } from './capture/publication';
import { querySlot } from './capture/slot';
import { checkSchemas, checkServer, leftOutTables } from './check';
import { goneMembers } from './read/asked-keys';
import { readAskedRows, readTable, type AskedMembers } from './read/read-table';
import { openSession } from './server/session';
import { parseSourceConfig, type SourceConfig } from './config/source-config';
import { streamCatalog } from './tables/stream-catalog';
import { Stopped } from './read/stream-reader';
import { parseStreamState, type StreamState } from './position/stream-state';
import { queryTables } from './tables/table-query';

interface ChangesToRead {
  readonly catalog: ConfiguredCatalog;
  readonly state: InputState;
  readonly acknowledged: AsyncIterable<InputState> | undefined;
}

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
      for (const warning of leftOutTables(config, tables)) await this.context.log.warn(warning);
      const { method } = config;
      if (method.kind !== 'cdc') return new AirbyteCatalogMessage({ streams: [...streamCatalog(tables, method)] });
      const { capture } = method;
      const publication = await requirePublication(client, capture.publication, config.connection.database);
      const captured = await queryCapturedTables(client, tables, publication.name);
      return new AirbyteCatalogMessage({ streams: [...captureCatalog(tables, captured, publication, capture)] });
    });
  }

  override async *readStreams(
    json: Readonly<Record<string, unknown>>,
    catalog: ConfiguredCatalog,
    state: InputState,
  ): AsyncGenerator<AirbyteMessage> {
    const config = parseSourceConfig(json);
    const isAsked = isOfAskedRows(catalog, config);
    if (config.method.kind === 'cdc' && !isAsked) {
      yield* this.readChanges(config, config.method.capture, { catalog, state, acknowledged: undefined });
      return;
    }
    if (state.shared !== undefined && !isAsked) {
      throw Failure.config(
        'The state is of replication_method CDC: choose that method again, or reset the connection to read its tables once more.',
      );
    }
    let session = await openSession(config);
    const failed: string[] = [];
    try {
      const { client, transaction } = session;
      const members = await inTransaction(client, transaction, () => askedMembers(client, config));
      const tables = await inTransaction(client, transaction, () => queryTables(client, schemasOf(catalog, config)));
      for (const stream of catalog.streams) {
        if (this.context.signal.aborted) break;
        try {
          const reading = { session, config, tables, context: this.context };
          if (stream.askedKeys?.mode === 'only') yield* readAskedRows(reading, stream, stream.askedKeys, members);
          else yield* readTable(reading, stream, savedState(state, stream));
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

  override async *follow(
    json: Readonly<Record<string, unknown>>,
    catalog: ConfiguredCatalog,
    state: InputState,
    acknowledged: AsyncIterable<InputState>,
  ): AsyncGenerator<AirbyteMessage> {
    const config = parseSourceConfig(json);
    if (config.method.kind !== 'cdc') {
      throw Failure.config(
        'Changes can be followed by replication_method CDC only: choose it, or sync on a schedule instead.',
      );
    }
    yield* this.readChanges(config, config.method.capture, { catalog, state, acknowledged });
  }

  override async confirm(json: Readonly<Record<string, unknown>>, state: InputState): Promise<void> {
    const config = parseSourceConfig(json);
    if (config.method.kind !== 'cdc') {
      throw Failure.config('Only replication_method CDC has something to confirm.');
    }
    try {
      await this.context.log.info(await confirmState(config, config.method.capture, state));
    } catch (error) {
      throw failureFromPostgres(error, { what: 'Could not confirm the state', role: config.connection.username });
    }
  }

  private async *readChanges(
    config: SourceConfig,
    capture: CaptureConfig,
    { catalog, state, acknowledged }: ChangesToRead,
  ): AsyncGenerator<AirbyteMessage> {
    try {
      yield* readCapture({ config, capture, catalog, state, acknowledged, context: this.context });
    } catch (error) {
      throw failureFromPostgres(error, { what: 'Could not capture changes', role: config.connection.username });
    }
  }
}

/** Whether nothing but named rows is read. @throws Failure for a catalogue that is neither one nor the other */
function isOfAskedRows(catalog: ConfiguredCatalog, { method }: SourceConfig): boolean {
  const modes = new Set(catalog.streams.map(({ askedKeys }) => askedKeys?.mode));
  if (modes.has('only') && modes.size > 1) {
    throw Failure.config(
      'The catalogue has `asked_keys` of mode only in some of its streams: give it in all, or in none.',
    );
  }
  if (modes.has('deleted') && method.kind === 'cdc') {
    throw Failure.config(
      'The catalogue has `asked_keys` of mode deleted, which replication_method CDC has no use for: it sees deletions itself.',
    );
  }
  return modes.has('only');
}

/** Of CDC, rows that are read by their keys have the members that a copied row has. */
async function askedMembers(client: Client, { method }: SourceConfig): Promise<AskedMembers> {
  const at = new Date();
  if (method.kind !== 'cdc') return { gone: goneMembers(at) };
  const { slot, fields } = method.capture;
  const place = (await querySlot(client, slot))?.restart ?? 0n;
  return {
    row: copiedMembers(fields, place, at.toISOString()),
    gone: absentMembers(fields, place, at.toISOString()),
  };
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
    atTimeout:
      `It took longer than statement_timeout_seconds (${config.statementTimeoutSeconds}), which counts the time that the ` +
      'destination takes too: raise it, or set it to 0 for none.',
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

/** A stream without a namespace is looked up in each of the configuration's schemas. */
function schemasOf(catalog: ConfiguredCatalog, config: SourceConfig): readonly string[] {
  return [...new Set(catalog.streams.flatMap(({ descriptor: { namespace } }) => namespace ?? config.schemas))];
}

function describe(stream: ConfiguredStream): string {
  const { name, namespace } = stream.descriptor;
  return namespace === undefined ? name : streamName({ schema: namespace, name });
}
