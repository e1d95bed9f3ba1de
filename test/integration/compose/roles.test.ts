import { startStack, type PostgresConnection, type RunningStack } from '@ewallet/local-stack';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, type DatabaseError } from 'pg';
import { PROJECT_ROOT } from '../../support/command';

/** The SQL of the least-privilege roles on real servers: what each role must be able to do, and what it must not. */
jest.setTimeout(180_000);

let directory: string;
let stack: RunningStack;

/** What psql does with the files: variables as literals, and `\gexec` runs the statements that a query gives. */
async function runAsPsql(client: Client, file: string, variables: Record<string, string>): Promise<void> {
  let sql = (await readFile(path.join(PROJECT_ROOT, 'compose/roles', file), 'utf8')).replace(/^--.*$/gm, '');
  for (const [name, value] of Object.entries(variables))
    sql = sql.replaceAll(`:'${name}'`, client.escapeLiteral(value));
  for (const part of sql.split(/(?<=;)\s*\n|(?<=\\gexec)\s*\n/)) {
    const statement = part.trim();
    if (statement.endsWith('\\gexec')) {
      const { rows } = await client.query<Record<string, string>>(statement.replace(/\\gexec$/, ''));
      for (const row of rows) for (const generated of Object.values(row)) await client.query(generated);
    } else if (statement !== '') await client.query(statement);
  }
}

async function as<T>(
  server: PostgresConnection,
  user: string,
  work: (client: Client) => Promise<T>,
  password = user,
): Promise<T> {
  const client = new Client({ host: server.host, port: server.port, database: server.database, user, password });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const owner = <T>(server: PostgresConnection, work: (client: Client) => Promise<T>): Promise<T> =>
  as(server, server.username, work, server.password);

/** SQLSTATE of a statement's refusal; "allowed" when it is none. */
const outcome = (client: Client, sql: string): Promise<string> =>
  client.query(sql).then(
    () => 'allowed',
    (error: unknown) => (error as DatabaseError).code ?? 'no SQLSTATE',
  );

async function outcomes(client: Client, statements: readonly string[]): Promise<readonly string[]> {
  const all: string[] = [];
  for (const sql of statements) all.push(await outcome(client, sql));
  return all;
}

const denied = '42501';
const readOnly = '25006';

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ewallet-roles-'));
  stack = await startStack({ dir: directory, only: ['source', 'warehouse'] });
  const { source, warehouse } = stack.connections;
  await owner(source, async (client) => {
    await client.query('create table wallets (id bigint primary key); insert into wallets values (1)');
    await client.query('create schema ledger; create table ledger.entries (id bigint)');
    await runAsPsql(client, 'source.sql', { airbyte_password: 'airbyte' });
    await client.query('create table made_later (id bigint)');
  });
  await owner(warehouse, async (client) => {
    await runAsPsql(client, 'warehouse.sql', { sink_password: 'sink', dbt_password: 'dbt', bi_password: 'bi' });
  });
});
afterAll(async () => {
  await stack.stop();
  await rm(directory, { recursive: true, force: true });
});

test('airbyte reads every table of the schema, those made later too, and other sessions; it can change nothing', async () => {
  await as(stack.connections.source, 'airbyte', async (client) => {
    expect(
      await outcomes(client, [
        'copy wallets to stdout',
        'select xmin from made_later',
        'select pg_current_snapshot(), system_identifier from pg_control_system()',
        'select * from ledger.entries',
        'insert into wallets values (2)',
        'set transaction_read_only = off; insert into wallets values (2)',
        'set transaction_read_only = off; create table public.mine (id int)',
      ]),
    ).toEqual(['allowed', 'allowed', 'allowed', denied, readOnly, denied, denied]);
    await owner(stack.connections.source, async () => {
      const { rows } = await client.query<{ seen: number }>(
        "select count(*)::int as seen from pg_stat_activity where usename = 'ewallet' and state is not null",
      );
      expect(rows[0]!.seen).toBeGreaterThan(0);
    });
  });
});

test('sink writes raw and its own state, and neither reads nor writes what dbt builds', async () => {
  await as(stack.connections.warehouse, 'sink', async (client) => {
    expect(
      await outcomes(client, [
        'create schema if not exists raw',
        'create table raw.users (id bigint primary key, email text)',
        'create table sink.offsets (next_offset bigint)',
        'create temporary table staged (id int)',
        'create table marts.mine (id int)',
        'create table public.mine (id int)',
      ]),
    ).toEqual(['allowed', 'allowed', 'allowed', 'allowed', denied, denied]);
  });
});

test('dbt reads raw and the sink state without writing them, and builds its own schemas', async () => {
  await as(stack.connections.warehouse, 'dbt', async (client) => {
    expect(
      await outcomes(client, [
        'select * from raw.users',
        'select * from sink.offsets',
        'create schema if not exists marts',
        'create table staging.stg_users as select * from raw.users',
        'create table marts.dim_users as select id from raw.users',
        'delete from raw.users',
        'update sink.offsets set next_offset = 0',
      ]),
    ).toEqual(['allowed', 'allowed', 'allowed', 'allowed', 'allowed', denied, denied]);
  });
});

test('bi reads marts, those built later too, and neither personal data in raw and staging nor anything else', async () => {
  await as(stack.connections.warehouse, 'bi', async (client) => {
    expect(
      await outcomes(client, [
        'select * from marts.dim_users',
        'select * from staging.stg_users',
        'select * from raw.users',
        'select * from sink.offsets',
        'delete from marts.dim_users',
        'create temporary table mine (id int)',
      ]),
    ).toEqual(['allowed', denied, denied, denied, readOnly, readOnly]);
  });
});
