import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '@ewallet/failure';
import { connect, parseConnectionUrl } from '@ewallet/postgres';
import { postgresUrl, type StackConnections } from '@ewallet/stack-connections';
import type { Client } from 'pg';
import { totalsFromRows, totalsQuery, type Totals } from './money';
import type { Overrides } from './overrides';
import { runPipeline } from '../measure/pipeline';
import { programPath } from './programs';

const run = promisify(execFile);

/** What every hop works on: the services, the data made once, and the totals it must leave as they are. */
export interface BenchSession {
  readonly directory: string;
  readonly stack: StackConnections;
  readonly sourceUrl: string;
  readonly warehouseUrl: string;
  readonly sourceConfig: string;
  readonly catalog: string;
  /** Settings of the programs other than their defaults. */
  readonly overrides: Overrides;
  readonly totals: Totals;
  /** Where the programs' error output goes. */
  readonly errors: string;
  say(text: string): void;
}

export async function prepare(
  directory: string,
  stack: StackConnections,
  { rows, with: overrides }: { readonly rows: number; readonly with: Overrides },
  say: (text: string) => void,
): Promise<BenchSession> {
  await mkdir(directory, { recursive: true });
  const sourceUrl = postgresUrl(stack.source);
  const warehouseUrl = postgresUrl(stack.warehouse);
  say(`filling the e-wallet database with ${rows.toLocaleString('en')} transactions`);
  await run(programPath('ewallet-simulator'), [
    ...['seed', '--recreate', '--database-url', sourceUrl, '--rows', String(rows), '--seed', '42'],
    ...['--end-date', '2026-06-30T17:00:00Z'],
  ]);
  const sourceConfig = await writeSourceConfig(directory, stack, overrides);
  const catalog = path.join(directory, 'catalog.json');
  await writeFile(catalog, JSON.stringify(await transactionsOnly(sourceConfig)));
  return {
    directory,
    stack,
    sourceUrl,
    warehouseUrl,
    sourceConfig,
    catalog,
    overrides,
    totals: await totalsOfTable(sourceUrl, 'transactions'),
    errors: path.join(directory, 'errors.log'),
    say,
  };
}

/** The same session with other settings of the programs. */
export async function withSettings(session: BenchSession, overrides: Overrides): Promise<BenchSession> {
  return { ...session, overrides, sourceConfig: await writeSourceConfig(session.directory, session.stack, overrides) };
}

async function writeSourceConfig(directory: string, stack: StackConnections, overrides: Overrides): Promise<string> {
  const { host, port, database, username, password } = stack.source;
  const file = path.join(directory, 'source.json');
  await writeFile(
    file,
    JSON.stringify({
      ...{ host, port, database, username, password, schemas: ['public'], ssl_mode: { mode: 'disable' } },
      ...overrides.source,
    }),
  );
  return file;
}

interface CatalogMessage {
  readonly catalog?: { readonly streams: readonly { readonly name: string }[] };
}

/** One stream, as a first sync reads it: all rows. */
export async function transactionsOnly(sourceConfig: string): Promise<unknown> {
  const { stdout } = await run(programPath('source-ewallet'), ['discover', '--config', sourceConfig], {
    maxBuffer: 1 << 28,
  });
  const messages = stdout.split('\n').filter((line) => line.startsWith('{'));
  const catalog = messages
    .map((line) => (JSON.parse(line) as CatalogMessage).catalog)
    .find((found) => found !== undefined);
  if (catalog === undefined) throw Failure.system('The source discovered no catalogue.');
  const stream = catalog.streams.find(({ name }) => name === 'transactions');
  if (stream === undefined) throw Failure.system('The source did not discover the transactions.');
  return {
    streams: [
      {
        stream,
        sync_mode: 'incremental',
        destination_sync_mode: 'append_dedup',
        cursor_field: ['updated_at'],
        primary_key: [['id']],
        generation_id: 0,
        minimum_generation_id: 0,
        sync_id: 1,
      },
    ],
  };
}

/** The transactions as Airbyte lines in a file, made once: what the destination is fed with. */
export async function airbyteLines(session: BenchSession): Promise<string> {
  const file = path.join(session.directory, 'lines.jsonl');
  await runPipeline(
    [
      { command: readCommand(session), measured: false },
      { command: ['cat'], measured: false },
    ],
    {
      output: file,
      errors: session.errors,
    },
  );
  return file;
}

export function readCommand({ sourceConfig, catalog }: BenchSession): readonly [string, ...string[]] {
  return [programPath('source-ewallet'), 'read', '--config', sourceConfig, '--catalog', catalog];
}

/** The destination as it comes, with a topic of its own for the trial. @returns its command line. */
export async function writeCommand(session: BenchSession, trial: string): Promise<readonly [string, ...string[]]> {
  const file = path.join(session.directory, `destination-${trial}.json`);
  const { kafka, schemaRegistry } = session.stack;
  await writeFile(
    file,
    JSON.stringify({
      bootstrap_servers: kafka.bootstrapServers,
      topic_pattern: `${trial}.{stream}`,
      protocol: { security_protocol: 'PLAINTEXT' },
      schema_registry: { url: schemaRegistry.url },
      ...session.overrides.destination,
    }),
  );
  return [programPath('destination-kafka'), 'write', '--config', file, '--catalog', session.catalog];
}

export async function totalsOfTable(url: string, table: string): Promise<Totals> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ currency: string; rows: string; sum: string }>(totalsQuery(table));
    return totalsFromRows(rows);
  });
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(parseConnectionUrl(url), { applicationName: 'ewallet-bench' });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
