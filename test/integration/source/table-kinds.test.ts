import type { Client } from 'pg';
import { sourceConfig } from '../../support/configurations';
import { eventually } from '../../support/eventually';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import {
  configuredCatalog,
  discoveredStreams,
  lastStates,
  records,
  runWalletSource,
  type RunResult,
} from '../../support/source/wallet-source';

jest.setTimeout(240_000);

let database: FreshDatabase;
let admin: Client;
let role: string;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'kinds');
  role = `kinds_${database.database}`;
  admin = await connectedTo(database);
  await admin.query(`
    create table payments (id int primary key, amount numeric(12,2), updated_at timestamptz not null default now());
    insert into payments select g, g, now() - interval '1 hour' from generate_series(1, 40) g;
    create view payments_view as select * from payments;
    create materialized view payments_copy as select * from payments;

    create extension postgres_fdw;
    create server itself foreign data wrapper postgres_fdw
      options (host '${database.host}', port '${database.port}', dbname '${database.database}');
    create user mapping for current_user server itself
      options (user '${database.username}', password '${database.password}');
    create foreign table payments_far (id int, amount numeric(12,2), updated_at timestamptz) server itself
      options (table_name 'payments');
    create table mixed (id int, updated_at timestamptz) partition by range (id);
    create table mixed_near partition of mixed for values from (0) to (100);
    create foreign table mixed_far partition of mixed for values from (100) to (200) server itself
      options (table_name 'mixed_near');

    create table notes (text text);
    insert into notes values ('first');
    create table parents (id int, updated_at timestamptz default now());
    create table children (more text) inherits (parents);
    insert into parents values (1); insert into children values (2, now(), 'm');

    create role "${role}" login password 'a-secret';
    grant usage on schema public to "${role}";
    create table columns_only (id int primary key, secret text, updated_at timestamptz default now());
    insert into columns_only values (1, 'hidden');
    grant select (id, updated_at) on columns_only to "${role}";`);
});

afterAll(async () => {
  await admin.query(`drop owned by "${role}"; drop role "${role}"`);
  await admin.end();
  await database.drop();
});

const using = (method?: Record<string, unknown>): Record<string, unknown> =>
  sourceConfig(database, method === undefined ? {} : { replication_method: method });

async function modes(method?: Record<string, unknown>): Promise<Record<string, unknown>> {
  const streams = await discoveredStreams(using(method));
  const shown = streams.map((one) => [
    one.name,
    `${one.supported_sync_modes.join('+')}${one.is_resumable ? ', resumable' : ''}`,
  ]);
  return Object.fromEntries(shown) as Record<string, unknown>;
}

test('lossless: incremental is offered only where rows show their versions', async () => {
  expect(await modes()).toEqual({
    children: 'full_refresh+incremental, resumable',
    columns_only: 'full_refresh+incremental, resumable',
    mixed: 'full_refresh', // one partition is a foreign table
    notes: 'full_refresh+incremental, resumable',
    parents: 'full_refresh+incremental, resumable',
    payments: 'full_refresh+incremental, resumable',
    payments_copy: 'full_refresh, resumable',
    payments_far: 'full_refresh',
    payments_view: 'full_refresh',
  });
});

test('window: as lossless, where there is a cursor; plain cursor: wherever there is one', async () => {
  expect(await modes({ method: 'Window' })).toMatchObject({
    notes: 'full_refresh, resumable',
    payments: 'full_refresh+incremental, resumable',
    payments_copy: 'full_refresh, resumable',
    payments_far: 'full_refresh',
  });
  expect(await modes({ method: 'Cursor' })).toMatchObject({
    mixed: 'full_refresh+incremental',
    notes: 'full_refresh, resumable',
    payments_copy: 'full_refresh+incremental, resumable',
    payments_far: 'full_refresh+incremental',
    payments_view: 'full_refresh+incremental',
  });
});

const instead = 'sync it as full refresh, or choose replication_method Cursor and accept its losses.';
test.each([
  ['payments_view', undefined, `is a view, whose rows show no versions: ${instead}`],
  ['payments_far', undefined, `is a foreign table, whose rows show no versions: ${instead}`],
  ['payments_copy', undefined, `is a materialized view, whose rows are all new after each REFRESH: ${instead}`],
  [
    'mixed',
    undefined,
    'has rows whose versions cannot be seen (columns or partitions without SELECT for the role, foreign partitions, ' +
      `another storage than heap): GRANT SELECT on all of it, or ${instead}`,
  ],
  [
    'notes',
    { method: 'Window' },
    'has no column that can be a cursor (a time, a date or a whole number): sync it as full refresh, or choose replication_method Lossless.',
  ],
])('incremental of %s is refused with the reason', async (name, method, reason) => {
  const config = using(method);
  const result = await runWalletSource('read', config, await configuredCatalog(config, 'incremental', [name]));
  const errors = result.messages.flatMap(({ trace }) => (trace?.error === undefined ? [] : [trace.error]));
  expect({ code: result.code, records: records(result), errors }).toEqual({
    code: 1,
    records: [],
    errors: [
      expect.objectContaining({
        failure_type: 'config_error',
        message: `Stream public.${name} ${reason}`,
        stream_descriptor: { name, namespace: 'public' },
      }),
    ],
  });
});

const ids = (result: RunResult): readonly number[] =>
  records(result)
    .map(({ id }) => Number(id))
    .sort((a, b) => a - b);
const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

test('foreign tables, views and materialised views are read whole as full refresh, again and again', async () => {
  const config = using();
  const names = ['payments_far', 'payments_view', 'payments_copy'];
  const catalog = await configuredCatalog(config, 'full_refresh', names);
  const first = await runWalletSource('read', config, catalog);
  const second = await runWalletSource('read', config, catalog, { state: lastStates(first) });
  for (const result of [first, second]) {
    expect(result.code).toBe(0);
    for (const name of names) {
      expect({ name, ids: records(result, name).map(({ id }) => id) }).toEqual({ name, ids: upTo(40) });
    }
  }
});

test('a table without key and cursor, and one with children, give each new row once', async () => {
  const config = using();
  const catalog = await configuredCatalog(config, 'incremental', ['notes', 'parents']);
  const first = await runWalletSource('read', config, catalog);
  expect(records(first, 'notes')).toEqual([{ text: 'first' }]);
  expect(records(first, 'parents').map(({ id }) => id)).toEqual([1, 2]);
  await admin.query(`insert into notes values ('first'); insert into children values (3)`);
  const second = await runWalletSource('read', config, catalog, { state: lastStates(first) });
  expect(records(second, 'notes')).toEqual([{ text: 'first' }]);
  expect(records(second, 'parents').map(({ id }) => id)).toEqual([3]);
});

test('a role that may read some columns gets those, as full refresh', async () => {
  const config = { ...using(), username: role, password: 'a-secret' };
  const streams = await discoveredStreams(config);
  expect(streams.map(({ name, supported_sync_modes }) => [name, supported_sync_modes])).toEqual([
    ['columns_only', ['full_refresh']],
  ]);
  const catalog = await configuredCatalog(config, 'full_refresh');
  const result = await runWalletSource('read', config, catalog);
  expect(records(result)).toEqual([{ id: 1, updated_at: expect.any(String) as string }]);
});

test.each(['payments_view', 'payments_far'])('plain cursor on %s: rows at or after the last one', async (name) => {
  const config = using({ method: 'Cursor' });
  const catalog = await configuredCatalog(config, 'incremental', [name]);
  const first = await runWalletSource('read', config, catalog);
  expect(ids(first)).toEqual(upTo(40));
  await admin.query('insert into payments values (41, 1, now()), (42, 1, now() - interval $$1 day$$)');
  try {
    const second = await runWalletSource('read', config, catalog, { state: lastStates(first) });
    // The forty share the highest cursor and come again; 42, stamped before it, is what a plain cursor loses.
    expect(ids(second)).toEqual(upTo(41));
    const third = await runWalletSource('read', config, catalog, { state: lastStates(second) });
    expect(ids(third)).toEqual([41]);
  } finally {
    await admin.query('delete from payments where id > 40');
  }
});

describe('the window method', () => {
  test('gives what commits late within the window once, leaves out what lies outside, and reads by the index', async () => {
    await admin.query(
      `
      create table ledger (id int primary key, updated_at timestamptz, memo text);
      create index on ledger (updated_at);
      insert into ledger select g, now() - g * interval '1 minute', repeat('x', 50) from generate_series(1, 30000) g`,
    );
    await admin.query('vacuum analyze ledger');
    const config = using({ method: 'Window', look_back_seconds: 3600 });
    const catalog = await configuredCatalog(config, 'incremental', ['ledger']);
    const late = await connectedTo(database);
    try {
      await late.query('begin');
      await late.query('insert into ledger values (50001, now())');
      const first = await runWalletSource('read', config, catalog);
      expect(records(first)).toHaveLength(30_000);
      await admin.query(`
        insert into ledger values (50002, now()), (50003, now() - interval '1 day'), (50004, null);
        update ledger set memo = 'again' where id in (2, 29000)`);
      await late.query('commit');
      const before = await scans();
      const second = await runWalletSource('read', config, catalog, { state: lastStates(first) });
      expect(ids(second)).toEqual([2, 50_001, 50_002]);
      const third = await runWalletSource('read', config, catalog, { state: lastStates(second) });
      expect(ids(third)).toEqual([]);
      const after = await scans();
      expect(after.index).toBeGreaterThan(before.index);
      expect(after.whole).toBe(before.whole);
    } finally {
      await late.end();
    }
  });

  /**
   * How often the table was read by an index, and how often from end to end. A session reports when it ends, which is
   * after its client has gone, and leaves pg_stat_activity only then.
   */
  async function scans(): Promise<{ index: number; whole: number }> {
    await eventually(async () => {
      const sessions = `select from pg_stat_activity where datname = $1 and application_name = 'source-ewallet'`;
      expect((await admin.query(sessions, [database.database])).rowCount).toBe(0);
    });
    const { rows } = await admin.query<{ index: number; whole: number }>(
      `select idx_scan::int as index, seq_scan::int as whole from pg_stat_user_tables where relname = 'ledger'`,
    );
    return rows[0] ?? { index: 0, whole: 0 };
  }
});
