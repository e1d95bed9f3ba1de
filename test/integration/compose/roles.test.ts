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
  let sql = (await readFile(path.join(PROJECT_ROOT, 'deploy/compose/roles', file), 'utf8')).replace(/^--.*$/gm, '');
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

const allowed = 'allowed';
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

/** In order: what a later statement of any role needs, an earlier one made. */
const cases: readonly {
  readonly role: string;
  readonly on: 'source' | 'warehouse';
  readonly fact: string;
  readonly statements: Readonly<Record<string, string>>;
}[] = [
  {
    role: 'airbyte',
    on: 'source',
    fact: 'reads every table of the schema, those made later too, and can change nothing',
    statements: {
      'copy wallets to stdout': allowed,
      'select xmin from made_later': allowed,
      'select pg_current_snapshot(), system_identifier from pg_control_system()': allowed,
      'select * from ledger.entries': denied,
      'insert into wallets values (2)': readOnly,
      'set transaction_read_only = off; insert into wallets values (2)': denied,
      'set transaction_read_only = off; create table public.mine (id int)': denied,
    },
  },
  {
    role: 'sink',
    on: 'warehouse',
    fact: 'writes raw and its own state, and neither reads nor writes what dbt builds',
    statements: {
      'create schema if not exists raw': allowed,
      'create table raw.users (id bigint primary key, email text)': allowed,
      'create table sink.offsets (next_offset bigint)': allowed,
      'create temporary table staged (id int)': allowed,
      'create table marts.mine (id int)': denied,
      'create table public.mine (id int)': denied,
    },
  },
  {
    role: 'dbt',
    on: 'warehouse',
    fact: 'reads raw and the sink state without writing them, and builds its own schemas',
    statements: {
      'select * from raw.users': allowed,
      'select * from sink.offsets': allowed,
      'create schema if not exists marts': allowed,
      'create table staging.stg_users as select * from raw.users': allowed,
      'create table marts.dim_users as select id from raw.users': allowed,
      'delete from raw.users': denied,
      'update sink.offsets set next_offset = 0': denied,
    },
  },
  {
    role: 'bi',
    on: 'warehouse',
    fact: 'reads marts, those built later too, and neither personal data in raw and staging nor anything else',
    statements: {
      'select * from marts.dim_users': allowed,
      'select * from staging.stg_users': denied,
      'select * from raw.users': denied,
      'select * from sink.offsets': denied,
      'delete from marts.dim_users': readOnly,
      'create temporary table mine (id int)': readOnly,
    },
  },
];

test.each(cases)('$role $fact', async ({ role, on, statements }) => {
  await as(stack.connections[on], role, async (client) => {
    const found: Record<string, string> = {};
    for (const sql of Object.keys(statements)) found[sql] = await outcome(client, sql);
    expect(found).toEqual(statements);
  });
});

test('airbyte sees the sessions of others, whose long transactions it waits for', async () => {
  await owner(stack.connections.source, () =>
    as(stack.connections.source, 'airbyte', async (client) => {
      const { rows } = await client.query<{ seen: number }>(
        "select count(*)::int as seen from pg_stat_activity where usename = 'ewallet' and state is not null",
      );
      expect(rows[0]!.seen).toBeGreaterThan(0);
    }),
  );
});
