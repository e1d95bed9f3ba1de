import type { Client } from 'pg';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import {
  configuredCatalog,
  lastStates,
  records,
  runWalletSource,
  type RunResult,
  warnings,
} from '../../support/source/wallet-source';

jest.setTimeout(120_000);

let database: FreshDatabase;
let admin: Client;

beforeEach(async () => {
  database = await freshDatabase((await services()).source, 'columns');
  admin = await connectedTo(database);
});

afterEach(async () => {
  await admin.end();
  await database.drop();
});

const range = (first: number, count: number): readonly number[] => Array.from({ length: count }, (_, n) => first + n);

/** The last value of each id that the results gave, as rows merged by key land. */
function landed(results: readonly RunResult[], column: string): Record<string, unknown> {
  const rows = results.flatMap((result) => records(result));
  return Object.fromEntries(rows.map((row): [string, unknown] => [String(row.id), row[column]]));
}

test.each(['Lossless', 'Window', 'Cursor'])(
  'a column filled before the catalogue was refreshed is delivered for rows read before, also when the sync that does so is stopped: %s',
  async (method) => {
    const config = sourceConfig(database, { checkpoint_rows: 50, replication_method: { method } });
    await admin.query(`create table payments (id int primary key, updated_at timestamptz default now());
      insert into payments select from generate_series(1, 0);
      insert into payments select g, now() - interval '30 days' from generate_series(1, 1000) g;
      analyze payments`);
    const before = await configuredCatalog(config, 'incremental', ['payments']);
    const first = await runWalletSource('read', config, before);
    await admin.query(`alter table payments add column fee numeric(12,2) default 1.50`);
    const unchanged = await runWalletSource('read', config, before, { state: lastStates(first) });
    const catalog = await configuredCatalog(config, 'incremental', ['payments']);
    const stopped = await runWalletSource('read', config, catalog, {
      state: lastStates(unchanged),
      onLine: (line, stop) => {
        if (line.includes('"STATE"')) stop();
      },
    });
    expect(stopped.code).toBe(143);
    expect(warnings(stopped)).toEqual([
      'Stream public.payments is read again from the start: column fee was not read so before.',
    ]);
    const rest = await runWalletSource('read', config, catalog, { state: lastStates(stopped, lastStates(unchanged)) });
    const fees = landed([stopped, rest], 'fee');
    expect({ code: rest.code, rows: Object.keys(fees).length, values: [...new Set(Object.values(fees))] }).toEqual({
      code: 0,
      rows: 1000,
      values: [1.5],
    });
    const last = await runWalletSource('read', config, catalog, { state: lastStates(rest) });
    expect(warnings(last)).toEqual([]);
  },
);

test('without a key the rows are not given twice, and each sync says what to do until the stream is refreshed', async () => {
  const config = sourceConfig(database);
  await admin.query(`create table events (id int); insert into events values (1)`);
  const first = await runWalletSource('read', config, await configuredCatalog(config, 'incremental', ['events']));
  await admin.query('alter table events add column kind text default $$paid$$');
  const catalog = await configuredCatalog(config, 'incremental', ['events']);
  let state = lastStates(first);
  for (const id of [2, 3]) {
    await admin.query('insert into events values ($1)', [id]);
    const result = await runWalletSource('read', config, catalog, { state });
    expect({ warnings: warnings(result), records: records(result) }).toEqual({
      warnings: [
        'Stream public.events has no primary key, so rows read before are not read again, and column kind was not read ' +
          'so before there: refresh the stream to have its values in all rows.',
      ],
      records: [{ id, kind: 'paid' }],
    });
    state = lastStates(result);
  }
});

test('a column dropped and added again under its name is another one', async () => {
  const config = sourceConfig(database);
  await admin.query(`create table t (id int primary key, v int default 1); insert into t values (1)`);
  const catalog = await configuredCatalog(config, 'incremental', ['t']);
  const first = await runWalletSource('read', config, catalog);
  await admin.query(`alter table t drop column v; alter table t add column v int default 2`);
  const second = await runWalletSource('read', config, catalog, { state: lastStates(first) });
  expect(records(second)).toEqual([{ id: 1, v: 2 }]);
});

test.each([
  ['of another type', 'n', 'incremental', 'alter table n alter n type text using $$abc$$', 'abc'],
  [
    'of another type, in a partition',
    'parts',
    'incremental',
    'alter table parts alter n type text using $$abc$$',
    'abc',
  ],
  ['rewritten, under a view', 'v', 'full_refresh', 'alter table base add column w float default random()', 5],
  [
    'made again',
    'm',
    'full_refresh',
    'drop materialized view m; create materialized view m as select 1 as id, 7 as n',
    7,
  ],
] as const)(
  'a table that changes between the look at the catalogue and its lock is read as it is then: %s',
  async (_, name, mode, change, n) => {
    const config = sourceConfig(database);
    await admin.query(`create table n (id int primary key, n int); insert into n values (1, 5);
      create table parts (id int primary key, n int) partition by range (id);
      create table parts_1 partition of parts for values from (0) to (100); insert into parts values (1, 5);
      create table base as select id, n from n; create view v as table base; create materialized view m as table base`);
    const catalog = await configuredCatalog(config, mode, [name]);
    const other = await connectedTo(database);
    try {
      await admin.query('begin');
      await admin.query(change);
      const reading = runWalletSource('read', config, catalog);
      let waiting: string | undefined;
      while (waiting === undefined) {
        const { rows } = await other.query<{ query: string }>(
          `select query from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'`,
          [database.database],
        );
        waiting = rows[0]?.query;
      }
      // The stream's own beginning, long after the catalogue was looked at, which waits for nobody.
      expect(waiting).toMatch(new RegExp(`^(lock table|select "id", "n" from) "public"\\."${name}"`));
      await admin.query('commit');
      const result = await reading;
      expect(result.messages.flatMap(({ trace }) => trace?.error ?? [])).toEqual([]);
      expect({ code: result.code, records: records(result) }).toEqual({ code: 0, records: [{ id: 1, n }] });
    } finally {
      await other.end();
    }
  },
);

test('char(n) comes as PostgreSQL casts it to text, in arrays, domains and partitions; composites keep their own text', async () => {
  const config = sourceConfig(database);
  await admin.query(`create domain code as char(6); create domain codes as char(6)[]; create type pair as (a char(4), b int);
    create table t (id int primary key, a char(5), b char(5)[], c code, d codes, e code[], f pair, g bpchar, h "char", i text);
    insert into t values (1, 'IDR', '{{IDR,"a b "},{NULL,""}}', 'x', '{"y z"}', '{w}', '(p,1)', 'q  ', 'r', 's ');
    create view v as select * from t`);
  const catalog = await configuredCatalog(config, 'full_refresh', ['t', 'v']);
  const result = await runWalletSource('read', config, catalog);
  const row = { id: 1, a: 'IDR', b: [['IDR', 'a b'], [null, '']], c: 'x', d: ['y z'], e: ['w'], f: '("p   ",1)', g: 'q', h: 'r', i: 's ' }; // prettier-ignore
  expect(records(result)).toEqual([row, row]);
});

test('rows sent with padding by an earlier version are sent again without it; a padded key asks for a refresh', async () => {
  const config = sourceConfig(database);
  await admin.query(`create table prices (id int primary key, currency char(5)); insert into prices values (1, 'IDR');
    create table full_codes (code char(3) primary key); insert into full_codes values ('IDR');
    create table codes (code char(5) primary key); insert into codes values ('IDR')`);
  const catalog = await configuredCatalog(config, 'incremental', ['codes', 'full_codes', 'prices']);
  const first = await runWalletSource('read', config, catalog);
  const old = lastStates(first).map((state) => {
    const { columns, ...earlier } = state.stream.stream_state;
    expect(columns).toBeDefined();
    return { ...state, stream: { ...state.stream, stream_state: earlier } };
  });
  const second = await runWalletSource('read', config, catalog, { state: old });
  expect({ code: second.code, records: records(second) }).toEqual({ code: 1, records: [{ id: 1, currency: 'IDR' }] });
  expect(second.messages.flatMap(({ trace }) => trace?.error?.message ?? [])).toEqual([
    'Stream public.codes has char(n) in its key (column code), and rows were sent under keys with its padding, which is ' +
      'left out now as PostgreSQL’s own cast to text does: refresh the stream and remove its records, so that no row ' +
      'stands under both keys.',
  ]);
});

test('a template clone, and a swap of names with it, lose no row that was committed or undone in between', async () => {
  const server = (await services()).source;
  await admin.query(`create table payments (id int primary key, updated_at timestamptz default now());
    insert into payments select g from generate_series(1, 100) g`);
  const clone = `${database.database}_clone`;
  const maintenance = await connectedTo(server);
  try {
    const before = await runWalletSource('read', sourceConfig(database), await catalogOf());
    await admin.end();
    await maintenance.query(`create database "${clone}" template "${database.database}"`);
    admin = await connectedTo(database);
    for (let id = 101; id <= 120; id += 1) await admin.query('insert into payments values ($1)', [id]);
    const other = await connectedTo({ ...server, database: clone });
    for (let id = 201; id <= 220; id += 1) await other.query('insert into payments values ($1, $$2001-01-01$$)', [id]);
    await other.end();
    for (let id = 121; id <= 140; id += 1) await admin.query('insert into payments values ($1)', [id]);
    const after = await runWalletSource('read', sourceConfig(database), await catalogOf(), {
      state: lastStates(before),
    });
    expect(records(after)).toHaveLength(40);
    await admin.end();
    await maintenance.query(`alter database "${database.database}" rename to "${clone}_old"`);
    await maintenance.query(`alter database "${clone}" rename to "${database.database}"`);
    admin = await connectedTo(database);
    const swapped = await runWalletSource('read', sourceConfig(database), await catalogOf(), {
      state: lastStates(after),
    });
    // The clone was made before ids 101 to 140 were read: what they did to other rows is undone in it.
    expect(warnings(swapped)).toEqual([
      expect.stringMatching(
        /^Stream public\.payments is read again from the start: the database is another one \(oid \d+, the state is of \d+\), so rows may be as they were before they were sent\. Rows that only the other one has stay where they were sent: refresh the stream to be rid of them\.$/,
      ),
    ]);
    expect(records(swapped).map(({ id }) => id)).toEqual([...range(1, 100), ...range(201, 20)]);
    await admin.end();
    await maintenance.query(`create database "${clone}" template "${database.database}"`);
    await maintenance.query(`alter database "${database.database}" rename to "${clone}_older"`);
    await maintenance.query(`alter database "${clone}" rename to "${database.database}"`);
    admin = await connectedTo(database);
    await admin.query(`insert into payments values (221), (222)`);
    const later = await runWalletSource('read', sourceConfig(database), await catalogOf(), {
      state: lastStates(swapped),
    });
    expect(warnings(later)).toEqual([
      expect.stringMatching(
        /^Stream public\.payments continues: the database is another one \(oid \d+, the state is of \d+\), but its rows are as they were up to transaction \d+\. What was written later is read\.$/,
      ),
    ]);
    expect(records(later).map(({ id }) => id)).toEqual([221, 222]);
    const next = await runWalletSource('read', sourceConfig(database), await catalogOf(), {
      state: lastStates(later),
    });
    expect({ warnings: warnings(next), records: records(next) }).toEqual({ warnings: [], records: [] });
  } finally {
    await maintenance.query(`drop database if exists "${clone}" with (force)`);
    await maintenance.query(`drop database if exists "${clone}_old" with (force)`);
    await maintenance.query(`drop database if exists "${clone}_older" with (force)`);
    await maintenance.end();
  }
  async function catalogOf() {
    return configuredCatalog(sourceConfig(database), 'incremental', ['payments']);
  }
});

test('a database that was dropped and restored under its name from a dump is read whole, with what was written since', async () => {
  const server = (await services()).source;
  const table = 'create table payments (id int primary key, updated_at timestamptz default now())';
  await admin.query(`${table}; insert into payments select g from generate_series(1, 100) g`);
  const config = sourceConfig(database);
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const before = await runWalletSource('read', config, catalog);
  expect(records(before)).toHaveLength(100);
  // What pg_dump | psql leaves: the rows in their order with their values, by transactions of a new database.
  const { rows } = await admin.query('select id, updated_at::text as at from payments order by id');
  await admin.end();
  const maintenance = await connectedTo(server);
  try {
    await maintenance.query(`drop database "${database.database}" with (force)`);
    await maintenance.query(`create database "${database.database}"`);
  } finally {
    await maintenance.end();
    admin = await connectedTo(database);
  }
  await admin.query(table);
  await admin.query('insert into payments select * from jsonb_to_recordset($1) as dumped (id int, at timestamptz)', [
    JSON.stringify(rows),
  ]);
  await admin.query(`insert into payments values (101, '2001-01-01')`);
  const restored = await runWalletSource('read', config, catalog, { state: lastStates(before) });
  expect(warnings(restored)).toEqual([
    expect.stringMatching(/^Stream public\.payments .*the database is another one \(oid \d+, the state is of \d+\)/),
  ]);
  expect({ code: restored.code, ids: records(restored).map(({ id }) => id) }).toEqual({
    code: 0,
    ids: Array.from({ length: 101 }, (_, index) => index + 1),
  });
  const next = await runWalletSource('read', config, catalog, { state: lastStates(restored) });
  expect({ warnings: warnings(next), records: records(next) }).toEqual({ warnings: [], records: [] });
});
