import { connectedTo } from '../../support/fresh-database';
import { services } from '../../support/services';
import {
  capture,
  capturedWallet,
  changes,
  errorOf,
  type CapturedWallet,
  type GlobalState,
} from '../../support/source/captured-wallet';
import { discoveredStreams, runWalletSource, statuses, warnings } from '../../support/source/wallet-source';
import type { ConfiguredCatalog } from '../../support/source/wallet-source';

let wallet: CapturedWallet;

beforeAll(async () => {
  wallet = await capturedWallet(
    (await services()).source,
    `create table users (id bigint primary key, name text, note text, avatar bytea, balance numeric(20,4), seen timestamptz, grid int[]);
     alter table users alter note set storage external;
     create table full_notes (id bigint primary key, name text, note text);
     alter table full_notes replica identity full;
     alter table full_notes alter note set storage external;
     create table by_index (pk bigint primary key, code text not null, note text);
     create unique index by_code on by_index (code);
     alter table by_index replica identity using index by_code;
     create table events (at timestamptz, what text);
     create table ledger (id bigint, day date, amount numeric(20,4), primary key (id, day)) partition by range (day);
     create table ledger_1 partition of ledger for values from ('2026-01-01') to ('2026-02-01');
     create table noise (id bigserial primary key, junk text);
     create table "Od"d "" name" (id int primary key)`.replace('"Od"d "" name"', '"Od d ""name"'),
  );
});

afterAll(async () => {
  await wallet.close();
});

jest.setTimeout(120_000);

/** A first sync of the named streams: their copy. */
async function copied(
  names: readonly string[],
  more: Record<string, unknown> = {},
): Promise<{ config: Record<string, unknown>; catalog: ConfiguredCatalog; state: GlobalState | undefined }> {
  const config = wallet.config(more);
  const catalog = await wallet.catalog(names, more);
  const result = await capture(config, catalog, undefined);
  expect({ code: result.code, error: errorOf(result) }).toEqual({ code: 0, error: undefined });
  return { config, catalog, state: result.state };
}

function withoutProperty(stream: Record<string, unknown>, name: string): Record<string, unknown> {
  const described = stream.stream as { readonly json_schema: { readonly properties: Record<string, unknown> } };
  const { json_schema: schema } = described;
  const properties = Object.fromEntries(Object.entries(schema.properties).filter(([key]) => key !== name));
  return { ...stream, stream: { ...described, json_schema: { ...schema, properties } } };
}

test('discover offers captured tables with their key and the fields of change data capture, others as full refresh', async () => {
  const streams = await discoveredStreams(wallet.config());
  const shown = streams.map((stream) => ({
    name: stream.name,
    modes: stream.supported_sync_modes,
    key: stream.source_defined_primary_key,
    cursor: stream.default_cursor_field,
  }));
  expect(shown.find(({ name }) => name === 'by_index')).toEqual({
    name: 'by_index',
    modes: ['full_refresh', 'incremental'],
    key: [['code']],
    cursor: ['_ab_cdc_lsn'],
  });
  expect(shown.find(({ name }) => name === 'ledger')).toMatchObject({ key: [['id'], ['day']] });
  // Without a key nothing names the rows of an UPDATE, which PostgreSQL refuses then.
  expect(shown.find(({ name }) => name === 'events')).toMatchObject({ modes: ['full_refresh'], cursor: undefined });
  const users = streams.find(({ name }) => name === 'users');
  expect(Object.entries(users?.json_schema.properties ?? {}).slice(-3)).toEqual([
    ['_ab_cdc_lsn', { type: ['null', 'integer'], airbyte_type: 'integer' }],
    ['_ab_cdc_updated_at', { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' }],
    ['_ab_cdc_deleted_at', { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' }],
  ]);
});

test('check explains what is missing with the statement that mends it, and passes once it is there', async () => {
  const status = async (config: unknown): Promise<{ status: string; message?: string } | undefined> =>
    (await runWalletSource('check', config)).messages.find((message) => message.connectionStatus)?.connectionStatus;
  const { rows: server } = await wallet.admin.query<{ version: number }>(
    `select current_setting('server_version_num')::int / 10000 as version`,
  );
  const version = server[0]?.version ?? 0;
  const missing = await status(
    wallet.config({ replication_slot: 'nobodys_slot', publication: 'no"body', slot_creation: 'never' }),
  );
  expect(missing).toEqual({
    status: 'FAILED',
    message:
      `There is no publication no"body in database ${wallet.database.database}: ` +
      'CREATE PUBLICATION "no""body" FOR ALL TABLES WITH (publish_via_partition_root = true); ' +
      '(as a superuser; or FOR TABLE and the tables to read, as their owner). ' +
      `There is no replication slot nobodys_slot: SELECT pg_create_logical_replication_slot('nobodys_slot', 'pgoutput'${version >= 17 ? ', failover => true' : ''}); ` +
      '(or set replication_method.slot_creation to if_missing).',
  });
  // Row filters came with PostgreSQL 15.
  await wallet.admin.query(
    `create publication narrow for table users ${version >= 15 ? 'where (id > 5)' : ''} with (publish = 'insert')`,
  );
  const narrow = await status(wallet.config({ publication: 'narrow' }));
  expect(narrow?.message).toContain(
    `Publication narrow leaves out update and delete: ALTER PUBLICATION "narrow" SET (publish = 'insert, update, delete, truncate');`,
  );
  const filtered = 'Publication narrow publishes public.users with a row filter';
  if (version >= 15) expect(narrow?.message).toContain(filtered);
  await wallet.admin.query(`drop publication narrow`);
  expect(await status(wallet.config())).toEqual({ status: 'SUCCEEDED' });
});

test('a role without REPLICATION is refused with the statement to run', async () => {
  const role = `${wallet.slot}_reader`;
  await wallet.admin.query(
    `create role ${role} login password 'x'; grant select on all tables in schema public to ${role}`,
  );
  try {
    const { messages } = await runWalletSource('check', { ...wallet.config(), username: role, password: 'x' });
    expect(messages.find((message) => message.connectionStatus)?.connectionStatus?.message).toBe(
      `Role ${role} may not replicate: ALTER ROLE "${role}" WITH REPLICATION; (on Amazon RDS: GRANT rds_replication TO "${role}";)`,
    );
  } finally {
    await wallet.admin.query(`drop owned by ${role}; drop role ${role}`);
  }
});

test('inserts, updates, deletions and key changes come in order with places, times and exact values', async () => {
  await wallet.admin.query(`insert into users values (1, 'Ana', 'n', '\\x00ff', 0.1000, '2026-01-02 03:04:05.6+00')`);
  const { catalog, config, state } = await copied(['users'], { cdc_fields: 'all' });
  await wallet.admin.query(`begin;
    update users set grid = '{{1,2},{NULL,4}}', name = E'tab\\there "q" \\\\ \\n \\u00e9' where id = 1;
    insert into users (id, balance) values (2, 99999999999999.9999);
    update users set id = 3 where id = 2;
    delete from users where id = 1;
    insert into users (id) values (1);
    commit`);
  const result = await capture(config, catalog, state);
  const rows = changes(result).map(({ data }) => data);
  expect(rows.map((row) => [row._ab_cdc_op, row.id, row._ab_cdc_ordinal, row._ab_cdc_deleted_at !== null])).toEqual([
    ['update', 1, 1, false],
    ['insert', 2, 2, false],
    ['delete', 2, 3, true],
    ['insert', 3, 4, false],
    ['delete', 1, 5, true],
    ['insert', 1, 6, false],
  ]);
  expect(rows[0]).toMatchObject({ name: 'tab\there "q" \\ \n é', avatar: 'AP8=', seen: '2026-01-02T03:04:05.600000Z' });
  expect(rows[0]).toMatchObject({
    grid: [
      [1, 2],
      [null, 4],
    ],
  }); // declared with one dimension
  expect(result.lines.some((line) => line.includes('"balance":99999999999999.9999,'))).toBe(true);
  expect(new Set(rows.map((row) => row._ab_cdc_xid)).size).toBe(1);
  expect(new Set(rows.map((row) => row._ab_cdc_updated_at)).size).toBe(1);
  expect(rows[0]?._ab_cdc_updated_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const places = rows.map((row) => Number(row._ab_cdc_lsn));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(statuses(result, 'users')).toEqual(['STARTED', 'COMPLETE']);
});

test('an idle database ends at once with a final state that the next sync accepts (airbyte#47547, #15040)', async () => {
  const { catalog, config, state } = await copied(['users']);
  for (let current = state, round = 0; round < 3; round += 1) {
    const started = Date.now();
    const result = await capture(config, catalog, current);
    expect({ code: result.code, records: changes(result).length }).toEqual({ code: 0, records: 0 });
    expect(result.messages.filter(({ type }) => type === 'STATE')).toHaveLength(1);
    expect(Date.now() - started).toBeLessThan(10_000);
    current = result.state;
  }
});

test('the position moves while only other tables change, and the log is released once the state is confirmed (supabase/etl#429, airbyte#30518, #42917)', async () => {
  const { catalog, config, state } = await copied(['users']);
  await wallet.admin.query(`insert into noise (junk) select repeat('x', 1000) from generate_series(1, 20000)`);
  const confirmed = async (): Promise<string> =>
    (
      await wallet.admin.query<{ lsn: string }>(
        `select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1`,
        [wallet.slot],
      )
    ).rows[0]?.lsn ?? '';
  const result = await capture(config, catalog, state);
  const behind = await wallet.admin.query<{ bytes: string }>('select $1::pg_lsn - $2::pg_lsn as bytes', [
    result.state?.global.shared_state.lsn,
    state?.global.shared_state.lsn,
  ]);
  expect(Number(behind.rows[0]?.bytes)).toBeGreaterThan(20_000_000);
  // Received is not acknowledged: the state at the start was, which is where the slot stands.
  expect(await confirmed()).toBe(state?.global.shared_state.lsn);
  const confirm = await runWalletSource('confirm', config, undefined, { state: [result.state] });
  expect({ code: confirm.code, log: confirm.messages.map(({ log }) => log?.message) }).toEqual({
    code: 0,
    log: [`Replication slot ${wallet.slot} is confirmed up to ${result.state?.global.shared_state.lsn ?? ''}.`],
  });
  expect(await confirmed()).toBe(result.state?.global.shared_state.lsn);
  // The state before is behind the slot now: nothing can prove that nothing is missing.
  const late = await capture(config, catalog, state);
  expect(late.code).toBe(1);
  expect(errorOf(late)).toMatchObject({
    failure_type: 'config_error',
    message: expect.stringContaining('it was dropped and created again, or something else reads from it') as string,
  });
  expect((await capture(config, catalog, result.state)).code).toBe(0);
});

test('unchanged large values are read again by key, and are the old row’s own under REPLICA IDENTITY FULL (airbyte#30518, xtdb#5542)', async () => {
  const large = 'ü'.repeat(20_000);
  for (const table of ['users', 'full_notes']) {
    await wallet.admin.query(
      `insert into ${table} (id, name, note) select i, 'a', $1 from generate_series(100, 120) i`,
      [large],
    );
  }
  const { catalog, config, state } = await copied(['users', 'full_notes']);
  await wallet.admin.query(`update users set name = 'b' where id between 100 and 120;
    update full_notes set name = 'b' where id between 100 and 120;
    update full_notes set note = 'short' where id = 100;
    update users set id = 999 where id = 101;
    update users set name = 'c' where id = 102; delete from users where id = 102`);
  const result = await capture(config, catalog, state);
  const rows = changes(result);
  const notes = rows
    .filter(({ data }) => data._ab_cdc_deleted_at === null)
    .map(({ stream, data, meta }) => [stream, data.id, data.name, data.note === large ? 'large' : data.note, meta]);
  const gone = { changes: [{ field: 'note', change: 'NULLED', reason: 'SOURCE_RETRIEVAL_ERROR' }] };
  expect(notes.filter(([, id]) => Number(id) < 103 || Number(id) === 999)).toEqual(
    expect.arrayContaining([
      ['users', 100, 'b', 'large', undefined],
      // The row is under another key by now, and gone: null and marked; its deletion follows.
      ['users', 101, 'b', null, gone],
      ['users', 102, 'b', null, gone],
      ['users', 102, 'c', null, gone],
      ['users', 999, 'b', 'large', undefined],
      ['full_notes', 100, 'b', 'large', undefined],
      ['full_notes', 100, 'b', 'short', undefined],
    ]),
  );
  expect(
    notes.filter(([, id]) => Number(id) >= 103 && Number(id) <= 120).every(([, , , note]) => note === 'large'),
  ).toBe(true);
});

test('under an identity index rows go by its columns; deletions name them (airbyte#2898)', async () => {
  await wallet.admin.query(`insert into by_index values (1, 'A', 'x'), (2, 'B', 'y')`);
  const { catalog, config, state } = await copied(['by_index']);
  await wallet.admin.query(`update by_index set code = 'C' where pk = 1; delete from by_index where pk = 2`);
  const result = await capture(config, catalog, state);
  expect(changes(result).map(({ data }) => [data.pk, data.code, data._ab_cdc_deleted_at !== null])).toEqual([
    [null, 'A', true],
    [1, 'C', false],
    [null, 'B', true],
  ]);
});

test('partitions are one stream, one attached later too; a row that moves is deleted and inserted (airbyte#13442, peerdb#2286)', async () => {
  await wallet.admin.query(`insert into ledger values (1, '2026-01-05', 1)`);
  const { catalog, config, state } = await copied(['ledger']);
  await wallet.admin.query(`create table ledger_2 partition of ledger for values from ('2026-02-01') to ('2026-03-01');
    insert into ledger values (2, '2026-02-05', 2);
    update ledger set day = '2026-02-06' where id = 1`);
  const result = await capture(config, catalog, state);
  expect(changes(result).map(({ data }) => [data.id, data.day, data._ab_cdc_deleted_at !== null])).toEqual([
    [2, '2026-02-05', false],
    [1, '2026-01-05', true],
    [1, '2026-02-06', false],
  ]);
});

test('rows of an attached partition are copied, once; a detached one is told, and a TRUNCATE of one stops the sync (supabase/etl#410, estuary/connectors#855)', async () => {
  await wallet.admin
    .query(`create table months (id bigint, day date, v text, primary key (id, day)) partition by range (day);
    create table months_1 partition of months for values from ('2026-01-01') to ('2026-02-01');
    create table months_2 partition of months for values from ('2026-02-01') to ('2026-03-01');
    insert into months values (1, '2026-01-05', 'copied'), (2, '2026-02-05', 'copied')`);
  const { catalog, config, state } = await copied(['months']);
  // One that another transaction filled, one filled in the transaction that attaches it, one that is created as a partition.
  await wallet.admin.query(`create table filled (id bigint not null, day date not null, v text);
    insert into filled select i, '2026-03-05', 'old' from generate_series(10, 14) i`);
  await wallet.admin.query(`alter table filled add primary key (id, day)`);
  await wallet.admin.query(
    `alter table months attach partition filled for values from ('2026-03-01') to ('2026-04-01')`,
  );
  await wallet.admin.query(`begin; create table at_once (like months including all);
    insert into at_once values (20, '2026-04-05', 'old');
    alter table months attach partition at_once for values from ('2026-04-01') to ('2026-05-01'); commit`);
  await wallet.admin.query(
    `create table in_place partition of months for values from ('2026-05-01') to ('2026-06-01')`,
  );
  await wallet.admin.query(`insert into months values (30, '2026-05-05', 'streamed'); delete from months where id = 10;
    update months set v = 'changed' where id = 1`);
  const second = await capture(config, catalog, state);
  expect({ code: second.code, error: errorOf(second) }).toEqual({ code: 0, error: undefined });
  const rows = changes(second).map(({ data }) => [data.id, data.v, data._ab_cdc_deleted_at !== null]);
  expect(rows).toEqual([
    ...[11, 12, 13, 14].map((id) => [id, 'old', false]),
    [20, 'old', false],
    [30, 'streamed', false],
    [10, null, true],
    [1, 'changed', false],
  ]);
  const third = await capture(config, catalog, second.state);
  expect(changes(third)).toEqual([]);

  await wallet.admin.query('alter table months detach partition months_2; drop table filled');
  const detached = await capture(config, catalog, third.state);
  expect(warnings(detached)).toEqual([
    'Partitions of public.months were detached or dropped (2), which deletes none of their rows in the destination: ' +
      'find them with `ewallet-audit run --keys`, or refresh the stream.',
  ]);
  expect(warnings(await capture(config, catalog, detached.state))).toEqual([]);

  // VACUUM FULL gives a partition another file as well, and is no truncation.
  await wallet.admin.query('vacuum full months_1');
  const vacuumed = await capture(config, catalog, detached.state);
  expect({ error: errorOf(vacuumed), rows: changes(vacuumed) }).toEqual({ error: undefined, rows: [] });
  await wallet.admin.query(`truncate months_1; insert into months values (40, '2026-01-06', 'later')`);
  const failed = await capture(config, catalog, vacuumed.state);
  expect(errorOf(failed)).toMatchObject({
    failure_type: 'config_error',
    message:
      'Table public.months_1 was truncated, which gives no deletion for its rows: refresh stream public.months and remove its data, ' +
      'or set replication_method.on_truncate to ignore to keep the rows in the destination.',
  });
  const passed = await capture(wallet.config({ on_truncate: 'ignore' }), catalog, vacuumed.state);
  expect({ ids: changes(passed).map(({ data }) => data.id), warnings: warnings(passed) }).toEqual({
    ids: [40],
    warnings: ['A TRUNCATE of public.months_1 was passed over: its rows stay in the destination.'],
  });
});

test('a column that is added with a value for rows that are there has it in all of them (airbyte#80920)', async () => {
  await wallet.admin.query(
    `create table kyc (id int primary key, v text); insert into kyc select i, 'a' from generate_series(1, 3) i`,
  );
  const { config, state } = await copied(['kyc']);
  await wallet.admin.query(`update kyc set v = 'b' where id = 1`);
  await wallet.admin
    .query(`alter table kyc add level int not null default 1, add note text; delete from kyc where id = 3;
    update kyc set level = 2 where id = 2`);
  const again = await wallet.catalog(['kyc']);
  const second = await capture(config, again, state);
  expect(warnings(second)).toEqual([
    'Stream public.kyc is read again: level came with values for rows that were there.',
  ]);
  // The copy comes last: a change of before has no level, and would take it away again.
  expect(changes(second).map(({ data }) => [data.id, data.level, data._ab_cdc_deleted_at !== null])).toEqual([
    [1, undefined, false],
    [3, null, true],
    [2, 2, false],
    [1, 1, false],
    [2, 2, false],
  ]);
  expect(changes(await capture(config, again, second.state))).toEqual([]);
});

test('a TRUNCATE stops the sync with what to do, and is passed over where the user says so (supabase/etl#99)', async () => {
  const { catalog, config, state } = await copied(['full_notes']);
  await wallet.admin.query('truncate full_notes; insert into full_notes values (7)');
  const failed = await capture(config, catalog, state);
  expect(failed.code).toBe(1);
  expect(errorOf(failed)).toMatchObject({
    failure_type: 'config_error',
    message:
      'Table public.full_notes was truncated, which gives no deletion for its rows: refresh stream public.full_notes and remove its data, ' +
      'or set replication_method.on_truncate to ignore to keep the rows in the destination.',
    stream_descriptor: { name: 'full_notes', namespace: 'public' },
  });
  const passed = await capture(wallet.config({ on_truncate: 'ignore' }), catalog, state);
  expect({ code: passed.code, rows: changes(passed).map(({ data }) => data.id) }).toEqual({ code: 0, rows: [7] });
  // A refresh copies the table as it is: its first snapshot saw the TRUNCATE.
  const fresh = await capture(config, catalog, undefined);
  expect({ code: fresh.code, rows: changes(fresh).map(({ data }) => data.id) }).toEqual({ code: 0, rows: [7] });
});

test('a column that came after the catalogue is carried, one that went is null (airbyte#80920)', async () => {
  await wallet.admin.query(`create table shape (id int primary key, goes text); insert into shape values (1, 'x')`);
  const { catalog, config, state } = await copied(['shape']);
  await wallet.admin.query(`begin; insert into shape values (2, 'y'); alter table shape add came int;
    insert into shape values (3, 'z', 3); alter table shape drop goes; insert into shape values (4, 4); commit`);
  const result = await capture(config, catalog, state);
  expect(changes(result).map(({ data }) => [data.id, data.goes, data.came])).toEqual([
    [2, 'y', undefined],
    [3, 'z', 3],
    [4, undefined, 4],
  ]);
});

test('columns that are renamed, retyped, dropped and added again or chosen later have their values in every row (airbyte#80920)', async () => {
  await wallet.admin.query(`create table altered (id int primary key, a text, b int, c text, d text);
    insert into altered select i, 'a' || i, i, 'c' || i, 'd' || i from generate_series(1, 3) i`);
  const { config, catalog, state } = await copied(['altered']);
  const narrow = { streams: catalog.streams.map((stream) => withoutProperty(stream, 'd')) };
  const first = await capture(config, narrow, undefined);
  expect(first.code).toBe(0);
  // All within the stream of one sync, and in one transaction with changes around them.
  await wallet.admin.query(`begin; update altered set a = 'before' where id = 1;
    alter table altered rename a to name;
    alter table altered alter b type text using 'b' || b;
    alter table altered drop c; alter table altered add c text;
    update altered set name = 'after' where id = 1; commit`);
  const second = await capture(config, narrow, first.state);
  const rows = (result: typeof first): readonly unknown[] =>
    changes(result).map(({ data }) =>
      Object.fromEntries(Object.entries(data).filter(([column]) => !column.startsWith('_ab_'))),
    );
  expect({ code: second.code, error: errorOf(second) }).toEqual({ code: 0, error: undefined });
  expect(warnings(second)).toEqual([
    'Stream public.altered is read again: b is of another type; c was dropped and added again.',
  ]);
  expect(rows(second)).toEqual([
    { id: 1, a: 'before', b: 1, c: 'c1' },
    { id: 1, name: 'after', b: 'b1', c: null },
    { id: 2, b: 'b2', c: null },
    { id: 3, b: 'b3', c: null },
    { id: 1, b: 'b1', c: null },
  ]);
  // With the catalogue of now, which has the new name and one column more.
  const now = await wallet.catalog(['altered']);
  const third = await capture(config, now, second.state);
  expect(warnings(third)).toEqual([
    'Stream public.altered is read again: name had values before the catalogue had it; d was not chosen before.',
  ]);
  expect(rows(third)).toEqual([
    { id: 2, name: 'a2', b: 'b2', c: null, d: 'd2' },
    { id: 3, name: 'a3', b: 'b3', c: null, d: 'd3' },
    { id: 1, name: 'after', b: 'b1', c: null, d: 'd1' },
  ]);
  await wallet.admin.query('alter table altered rename name to title; alter table altered add later text');
  const renamed = await wallet.catalog(['altered']);
  const fourth = await capture(config, renamed, third.state);
  expect(warnings(fourth)).toEqual(['Stream public.altered is read again: title is a column that had another name.']);
  expect(changes(fourth).map(({ data }) => data.title)).toEqual(['a2', 'a3', 'after']);
  const fifth = await capture(config, renamed, fourth.state);
  expect({ rows: changes(fifth), warnings: warnings(fifth) }).toEqual({ rows: [], warnings: [] });
  expect(state).toBeDefined();
});

test('values that ALTER TABLE … USING rewrote under the same type are read again; VACUUM FULL gives nothing twice', async () => {
  await wallet.admin.query(`create table pesos (id int primary key, amount bigint not null);
    insert into pesos select i, i from generate_series(1, 3) i`);
  const { config, catalog, state } = await copied(['pesos']);
  await wallet.admin.query('vacuum full pesos');
  const vacuumed = await capture(config, catalog, state);
  expect({ rows: changes(vacuumed), warnings: warnings(vacuumed) }).toEqual({ rows: [], warnings: [] });
  await wallet.admin.query('update pesos set amount = 20 where id = 2');
  await wallet.admin.query('alter table pesos alter amount type bigint using amount * 100');
  await wallet.admin.query('update pesos set amount = 7 where id = 3');
  const altered = await capture(config, catalog, vacuumed.state);
  expect(warnings(altered)).toEqual([
    'Table public.pesos was rewritten by ALTER TABLE: the rows that this changed are read again.',
  ]);
  const last = new Map(changes(altered).map(({ data }) => [data.id, data.amount]));
  expect([...last].sort()).toEqual([
    [1, 100],
    [2, 2000],
    [3, 7],
  ]);
  const again = await capture(config, catalog, altered.state);
  expect({ rows: changes(again), warnings: warnings(again) }).toEqual({ rows: [], warnings: [] });
});

test('a lost slot is told with its reason; rows changed since are read again where the user says so (supabase/etl#982, debezium#3970)', async () => {
  await wallet.admin.query(
    `create table kept (id int primary key, v text); insert into kept select i, 'old' from generate_series(1, 50) i`,
  );
  const { catalog, config, state } = await copied(['kept']);
  await wallet.admin.query(`update kept set v = 'seen' where id = 1`);
  const second = await capture(config, catalog, state);
  await wallet.admin.query(`select pg_drop_replication_slot('${wallet.slot}')`);
  await wallet.admin.query(`update kept set v = 'missed' where id = 2; insert into kept values (51, 'new')`);
  const failed = await capture(config, catalog, second.state);
  expect({ code: failed.code, records: changes(failed) }).toEqual({ code: 1, records: [] });
  expect(errorOf(failed)).toMatchObject({
    failure_type: 'config_error',
    message: expect.stringContaining(
      'Set replication_method.invalid_cdc_cursor_position_behavior to "Re-read changed rows"',
    ) as string,
  });
  const reread = await capture(
    wallet.config({ invalid_cdc_cursor_position_behavior: 'Re-read changed rows' }),
    catalog,
    second.state,
  );
  const again = changes(reread).map(({ data }) => [data.id, data.v]);
  expect(again).toEqual(
    expect.arrayContaining([
      [2, 'missed'],
      [51, 'new'],
    ]),
  );
  // Not the whole table: what the state knows to have been given is left alone.
  expect(again.length).toBeLessThan(10);
  await wallet.admin.query(`delete from kept where id = 51`);
  const after = await capture(config, catalog, reread.state);
  expect(changes(after).map(({ data }) => [data.id, data._ab_cdc_deleted_at !== null])).toEqual([[51, true]]);
});

test('a stream added later is copied while the others continue; a slot in use by another reader is reported (airbyte#38303)', async () => {
  await wallet.admin.query(`create table late (id int primary key); insert into late values (1)`);
  const { config, state } = await copied(['users']);
  await wallet.admin.query(`insert into users (id) values (500); insert into late values (2)`);
  const both = await capture(config, await wallet.catalog(['users', 'late']), state);
  const rows = changes(both).map(({ stream, data }) => [stream, data.id]);
  expect(rows).toEqual(
    expect.arrayContaining([
      ['late', 1],
      ['late', 2],
      ['users', 500],
    ]),
  );
  expect(rows).toHaveLength(3);
});

test('the first copy waits for running transactions, and their rows come once (airbyte#49803, electric#2313)', async () => {
  await wallet.admin.query(`create table busy (id int primary key)`);
  const other = await connectedTo(wallet.database);
  try {
    await other.query('begin; insert into busy values (1)');
    const config = wallet.config();
    const catalog = await wallet.catalog(['busy']);
    const sync = capture(config, catalog, undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await other.query('insert into busy values (2); commit');
    const first = await sync;
    await wallet.admin.query('insert into busy values (3)');
    const second = await capture(config, catalog, first.state);
    expect([...changes(first), ...changes(second)].map(({ data }) => data.id)).toEqual([1, 2, 3]);
  } finally {
    await other.end();
  }
});

test('a value is streamed as it is copied, whatever its type (airbyte#45338, #14590, #45451)', async () => {
  const values: readonly (readonly [type: string, ...values: string[]])[] = [
    ['bigint', '-9223372036854775808', '9007199254740993'],
    ['numeric', 'NaN', 'Infinity', '12345678901234567890.123456789000', '-0.0001'],
    ['numeric(20,4)', '12345678901234.5600'],
    ['double precision', 'NaN', '-Infinity', '5e-324', '0.1', '123456789.123456789'],
    ['real', '3.4028235e38', '0.1'],
    ['boolean', 'true', 'false'],
    ['text', '', "it's", 'tab\there', 'back\\slash', 'line\nbreak', '\\N', 'emoji 🪙'],
    ['char(6)', 'a', ''],
    ['"char"', 'a'],
    ['bytea', '\\x', '\\x00ff'],
    ['date', 'infinity', '0044-03-15 BC', '5874897-12-31'],
    ['timestamp', '-infinity', '4713-01-01 00:00:00 BC', '2026-01-02 03:04:05.6'],
    ['timestamptz', 'infinity', '0044-03-15 12:00:00+00 BC', '2026-10-25 02:30:00+02'],
    ['time', '24:00:00', '03:04:05.6'],
    ['timetz', '12:00:00.5+05:45'],
    ['interval', '1 year 2 mons 3 days 04:05:06.789', '-1 days'],
    ['money', '12345678.90'],
    ['inet', '10.0.0.0/8'],
    ['bit varying', '', '101'],
    ['xml', '<a b="c">&lt;</a>'],
    ['json', '{"a" : 1.0, "a": 2}'],
    ['jsonb', '{"big": 12345678901234567890.123456789}', 'null'],
    ['tstzrange', '["2026-01-01 00:00:00+00","2026-02-01 00:00:00+00")', 'empty'],
    ['mood', "it's fine"],
    ['pair', '(1,"a ""b"" c")'],
    ['cents', '12345678901234567890.1234'],
    ['int[]', '{}', '{1,NULL,-3}', '{{1,2},{3,4}}'],
    ['text[]', '{"a,b","NULL",NULL,""}'],
    ['numeric[]', '{NaN,1.50}'],
    ['bytea[]', '{"\\\\xdeadbeef",NULL}'],
    ['timestamptz[]', '{infinity,"2026-01-02 03:04:05.6+00"}'],
  ];
  await wallet.admin.query(`create type mood as enum ('it''s fine'); create type pair as (n int, t text);
    create domain cents as numeric(38,4);
    create table every_type (id int primary key, ${values.map(([type], index) => `c${index} ${type}`).join(', ')})`);
  const most = Math.max(...values.map(({ length }) => length - 1));
  const insert = async (from: number): Promise<void> => {
    for (let row = 0; row <= most; row += 1) {
      await wallet.admin.query(
        `insert into every_type values (${from + row}, ${values.map((_, index) => `$${index + 1}`).join(', ')})`,
        values.map((column) => column[row + 1] ?? null),
      );
    }
  };
  await insert(0);
  const config = wallet.config();
  const catalog = await wallet.catalog(['every_type']);
  const first = await capture(config, catalog, undefined);
  await insert(100);
  const second = await capture(config, catalog, first.state);
  const rows = (result: typeof first): readonly string[] =>
    result.lines
      .filter((line) => line.startsWith('{"type":"RECORD"'))
      .map((line) => line.replace(/"id":1?0?(\d)/, '"id":$1').replace(/,"_ab_cdc_lsn".*?"_ab_cdc_deleted_at":null/, ''))
      .map((line) => line.replace(/"emitted_at":\d+/, ''))
      .sort();
  expect(rows(first)).toHaveLength(most + 1);
  expect(rows(second)).toEqual(rows(first));
});

test('a transaction that began first and commits last is not passed over; rows of one COPY come whole (airbyte#35963, debezium#7531, #4152)', async () => {
  await wallet.admin.query('create table interleaved (id int primary key)');
  const { config, catalog, state } = await copied(['interleaved']);
  const early = await connectedTo(wallet.database);
  try {
    await early.query('begin; insert into interleaved values (1)');
    await wallet.admin.query('insert into interleaved select generate_series(10, 500)');
    // Every transaction ends with a state; the sync is stopped at the first one with records.
    const small = { ...config, checkpoint_rows: 1 };
    const second = await capture(small, catalog, state, {
      onLine: (line, stop) => {
        if (line.startsWith('{"type":"RECORD"')) stop();
      },
    });
    expect(changes(second).map(({ data }) => data.id)).toEqual(Array.from({ length: 491 }, (_, at) => at + 10));
    await early.query('insert into interleaved values (2); commit');
    const third = await capture(small, catalog, second.state);
    expect(changes(third).map(({ data }) => data.id)).toEqual([1, 2]);
    expect(changes(await capture(small, catalog, third.state))).toEqual([]);
  } finally {
    await early.end();
  }
});

test('a deferrable primary key names no row for certain, so its table is full refresh only', async () => {
  await wallet.admin.query(`create table swapped (id int primary key deferrable, v text);
    alter table swapped replica identity full`);
  const stream = (await discoveredStreams(wallet.config())).find(({ name }) => name === 'swapped');
  expect(stream?.supported_sync_modes).toEqual(['full_refresh']);
  const check = await runWalletSource('check', wallet.config());
  expect(check.messages.flatMap(({ log }) => (log?.level === 'WARN' ? [log.message] : []))).toContainEqual(
    'Table public.swapped is full refresh only: it has a DEFERRABLE primary key, under which rows may swap keys within a transaction: ' +
      'make it NOT DEFERRABLE, or give the table a unique index that is not, and ALTER TABLE "public"."swapped" REPLICA IDENTITY USING INDEX that index;',
  );
});
