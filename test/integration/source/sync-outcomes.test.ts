import type { Client } from 'pg';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import {
  configuredCatalog,
  discoveredStreams,
  lastStates,
  records,
  runWalletSource,
  states,
  statuses,
} from '../../support/source/wallet-source';

let database: FreshDatabase;
let admin: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'outcomes');
  admin = await connectedTo(database);
  await admin.query(`
    create table payments (id int primary key, updated_at timestamptz default now());
    insert into payments select g from generate_series(1, 1000) g;
    analyze payments;
    create table empty (id int primary key);
    create view payments_view as select * from payments;
    create materialized view payments_copy as select * from payments;
    create table parts (id int, updated_at timestamptz default now(), primary key (id)) partition by range (id);
    create table parts_1 partition of parts for values from (0) to (100);
    create table parts_2 partition of parts for values from (100) to (200);
    insert into parts select g from generate_series(50, 149) g;`);
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

jest.setTimeout(240_000);

test('each kind of table is offered with the modes that are safe for it; partitions are part of their parent', async () => {
  const streams = await discoveredStreams(sourceConfig(database));
  const shown = streams.map((stream) => [stream.name, stream.supported_sync_modes.length, stream.is_resumable]);
  expect(shown).toEqual([
    ['empty', 2, true],
    ['parts', 2, true],
    ['payments', 2, true],
    ['payments_copy', 1, true],
    ['payments_view', 1, false],
  ]);
  const payments = streams.find((stream) => stream.name === 'payments');
  expect(payments).toMatchObject({ default_cursor_field: ['updated_at'], source_defined_primary_key: [['id']] });
});

test('a sync reports each stream, counts its records, and a sync with nothing new keeps its state', async () => {
  const config = sourceConfig(database, { checkpoint_rows: 300 });
  const catalog = await configuredCatalog(config, 'incremental', ['payments', 'empty', 'parts']);
  const first = await runWalletSource('read', config, catalog);
  expect(first.code).toBe(0);
  expect(statuses(first, 'payments')).toEqual(['STARTED', 'RUNNING', 'COMPLETE']);
  expect(statuses(first, 'empty')).toEqual(['STARTED', 'COMPLETE']);
  expect(records(first, 'parts')).toHaveLength(100);
  const counts = states(first).filter((state) => state.stream.stream_descriptor.name === 'payments');
  expect(counts.length).toBeGreaterThan(1);
  expect(counts.reduce((sum, state) => sum + state.sourceStats.recordCount, 0)).toBe(1000);
  const second = await runWalletSource('read', config, catalog, { state: lastStates(first) });
  expect(records(second)).toEqual([]);
  expect(lastStates(second)).toHaveLength(3);
  await admin.query(`create table attached (like parts including all); insert into attached values (250)`);
  await admin.query(`alter table parts attach partition attached for values from (200) to (300)`);
  const third = await runWalletSource('read', config, catalog, { state: lastStates(second) });
  expect(records(third).map(({ id }) => id)).toEqual([250]);
});

test('a full refresh that was stopped continues where it stood, and a complete one starts over', async () => {
  const config = sourceConfig(database, { checkpoint_rows: 200 });
  const catalog = await configuredCatalog(config, 'full_refresh', ['payments']);
  let stopped = false;
  const first = await runWalletSource('read', config, catalog, {
    onLine: (line, stop) => {
      if (!stopped && line.includes('"STATE"')) stop();
      stopped ||= line.includes('"STATE"');
    },
  });
  expect(first.code).toBe(143);
  expect(statuses(first, 'payments').at(-1)).toBe('INCOMPLETE');
  const second = await runWalletSource('read', config, catalog, { state: lastStates(first) });
  const ids = [...records(first), ...records(second)].map(({ id }) => Number(id));
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
  expect(records(second).length).toBeLessThan(1000);
  const third = await runWalletSource('read', config, catalog, { state: lastStates(second) });
  expect(records(third)).toHaveLength(1000);
});

test('one stream that fails does not stop the others, and the exit code is 1', async () => {
  const config = sourceConfig(database);
  const { streams } = await configuredCatalog(config, 'full_refresh', ['empty', 'payments']);
  const gone = { stream: { name: 'gone', namespace: 'public', json_schema: {} }, sync_mode: 'full_refresh' };
  const result = await runWalletSource('read', config, { streams: [gone, ...streams] });
  expect(result.code).toBe(1);
  expect(records(result)).toHaveLength(1000);
  const errors = result.messages.flatMap(({ trace }) => (trace?.error === undefined ? [] : [trace.error]));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({
    failure_type: 'config_error',
    stream_descriptor: { name: 'gone', namespace: 'public' },
  });
});

test('a state of another cluster is told, and reading goes back to the cursor', async () => {
  const config = sourceConfig(database, { recovery_look_back_seconds: 0 });
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const first = await runWalletSource('read', config, catalog);
  const text = JSON.stringify(lastStates(first)).replace(/"system":"\d+"/, '"system":"1"');
  await admin.query('insert into payments values (1001, now())');
  const second = await runWalletSource('read', config, catalog, { state: JSON.parse(text) as unknown });
  expect(second.messages.find(({ log }) => log !== undefined)?.log?.message).toContain('the server is another one');
  expect(records(second).map(({ id }) => id)).toContain(1001);
  expect(second.code).toBe(0);
  await admin.query('delete from payments where id = 1001');
});

test('check names the schema that is missing and the GRANT that is', async () => {
  const role = `reader_${database.database}`;
  await admin.query(
    `create role "${role}" login password 'secret'; create schema closed; create table closed.t (id int)`,
  );
  try {
    const config = sourceConfig(database, { schemas: ['closed', 'nowhere'], username: role, password: 'secret' });
    const { code, messages } = await runWalletSource('check', config);
    expect(code).toBe(0);
    const status = messages.find(({ connectionStatus }) => connectionStatus !== undefined)?.connectionStatus;
    expect(status).toEqual({
      status: 'FAILED',
      message:
        `Schema closed may not be used: GRANT USAGE ON SCHEMA "closed" TO "${role}"; ` +
        `There is no schema nowhere in database ${database.database}: correct \`schemas\`.`,
    });
  } finally {
    await admin.query(`drop role "${role}"`);
  }
});
