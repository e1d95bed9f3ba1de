import type { Client } from 'pg';
import { sourceConfig } from '../../support/configurations';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import {
  configuredCatalog,
  lastStates,
  records,
  runWalletSource,
  states,
  type ConfiguredCatalog,
  type RunResult,
  type StreamState,
} from '../../support/source/wallet-source';

jest.setTimeout(120_000);

let database: FreshDatabase;
let admin: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'refreshes');
  admin = await connectedTo(database);
  await admin.query(`
    create table payments (id int primary key, updated_at timestamptz default now());
    insert into payments select g from generate_series(1, 1000) g;
    analyze payments;`);
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

/** As the platform configures a stream: `minimum_generation_id` is the generation for a refresh that drops what was, 0 else. */
async function refreshing(
  mode: 'incremental' | 'full_refresh',
  generation: { readonly generation_id: number; readonly minimum_generation_id: number; readonly sync_id: number },
): Promise<ConfiguredCatalog> {
  const { streams } = await configuredCatalog(config, mode, ['payments']);
  return { streams: streams.map((stream) => ({ ...stream, ...generation })) };
}

let config: Record<string, unknown>;
beforeAll(() => {
  config = sourceConfig(database, { checkpoint_rows: 200 });
});

async function read(catalog: ConfiguredCatalog, state: readonly StreamState[]): Promise<RunResult> {
  const result = await runWalletSource('read', config, catalog, { state });
  expect(result.code).toBe(0);
  return result;
}

/** Stopped behind its first state. */
async function stoppedRead(catalog: ConfiguredCatalog): Promise<RunResult> {
  const result = await runWalletSource('read', config, catalog, {
    onLine: (line, stop) => {
      if (line.includes('"STATE"')) stop();
    },
  });
  expect(result.code).toBe(143);
  expect(records(result).length).toBeLessThan(1000);
  return result;
}

const savedGeneration = (result: RunResult): unknown => states(result).at(-1)?.stream.stream_state.generation_id;

test('a full refresh that was stopped continues in its generation and begins again in another', async () => {
  const first = { generation_id: 3, minimum_generation_id: 3, sync_id: 10 };
  const stopped = await stoppedRead(await refreshing('full_refresh', first));
  expect(savedGeneration(stopped)).toBe(3);

  // Another attempt of the same refresh: the same generation in a later sync.
  const again = await read(await refreshing('full_refresh', { ...first, sync_id: 11 }), lastStates(stopped));
  const ids = [...records(stopped), ...records(again)].map(({ id }) => Number(id));
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));

  const later = { generation_id: 4, minimum_generation_id: 4, sync_id: 12 };
  const restarted = await read(await refreshing('full_refresh', later), lastStates(stopped));
  expect(records(restarted)).toHaveLength(1000);
  expect(savedGeneration(restarted)).toBe(4);
});

test('an incremental stream carries on in its generation, and a raised one gives every row again', async () => {
  const first = { generation_id: 1, minimum_generation_id: 0, sync_id: 20 };
  const all = await read(await refreshing('incremental', first), []);
  expect(records(all)).toHaveLength(1000);
  const nothing = await read(await refreshing('incremental', { ...first, sync_id: 21 }), lastStates(all));
  expect(records(nothing)).toEqual([]);
  expect(savedGeneration(nothing)).toBe(1);
  // A refresh that keeps what was, and one that drops it: both give everything, under the raised generation.
  for (const minimum_generation_id of [0, 2]) {
    const raised = { generation_id: 2, minimum_generation_id, sync_id: 22 };
    const refreshed = await read(await refreshing('incremental', raised), lastStates(nothing));
    expect(records(refreshed)).toHaveLength(1000);
    expect(savedGeneration(refreshed)).toBe(2);
    const rest = await read(await refreshing('incremental', { ...raised, sync_id: 23 }), lastStates(refreshed));
    expect(records(rest)).toEqual([]);
  }
});

const estimates = (result: RunResult): readonly unknown[] =>
  result.messages.flatMap(({ trace }) => (trace?.estimate === undefined ? [] : [trace.estimate]));

test('ESTIMATE says before the first record what the sync is going to read: all rows, then what is new, then nothing', async () => {
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const estimated = (rows: number): unknown => ({
    name: 'payments',
    namespace: 'public',
    type: 'STREAM',
    row_estimate: rows,
    byte_estimate: Math.round(rows * (bytes / 1000)),
  });
  const size = await admin.query<{ bytes: number }>(`select pg_relation_size('payments')::int as bytes`);
  const bytes = size.rows[0]?.bytes ?? 0;
  const first = await read(catalog, []);
  expect(estimates(first)).toEqual([estimated(1000)]);
  const kinds = first.messages.map(({ type, trace }) => trace?.type ?? type);
  expect(kinds.indexOf('ESTIMATE')).toBeLessThan(kinds.indexOf('RECORD'));

  await admin.query('update payments set updated_at = now() where id in (1, 500, 1000)');
  const second = await read(catalog, lastStates(first));
  expect({ estimates: estimates(second), ids: records(second).map(({ id }) => id) }).toEqual({
    estimates: [estimated(3)],
    ids: [1, 500, 1000],
  });
  const third = await read(catalog, lastStates(second));
  expect({ estimates: estimates(third), records: records(third) }).toEqual({ estimates: [estimated(0)], records: [] });
});

test('without an index on the cursor its highest value is kept all the same', async () => {
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const first = await read(catalog, []);
  await admin.query(`
    update payments set updated_at = '2020-01-01' where id = 7;
    update payments set updated_at = now() + interval '1 day' where id = 8;
    update payments set updated_at = now() where id = 9;`);
  const second = await read(catalog, lastStates(first));
  const { rows } = await admin.query<{ highest: string }>(
    `select (select updated_at at time zone 'UTC' from payments where id = 9)::text || '+00' as highest`,
  );
  expect(states(second).at(-1)?.stream.stream_state.cursor).toBe(rows[0]?.highest);
});

test.each([[[]], [{}], [[{ type: 'LEGACY', data: {} }]]])('the state %j is none: everything is read', async (state) => {
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const result = await runWalletSource('read', config, catalog, { state });
  expect({ code: result.code, records: records(result).length }).toEqual({ code: 0, records: 1000 });
});

test('one state message alone, with or without its envelope, is taken as a list of them is', async () => {
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const [state] = lastStates(await read(catalog, []));
  for (const form of [state, [state], { type: 'STATE', state }, [{ type: 'STATE', state }]]) {
    const result = await runWalletSource('read', config, catalog, { state: form });
    expect({ code: result.code, records: records(result) }).toEqual({ code: 0, records: [] });
  }
});

test.each([
  [
    'GLOBAL state',
    { type: 'GLOBAL', global: { shared_state: { version: 1, method: 'CDC' }, stream_states: [] } },
    'The state is of replication_method CDC: choose that method again, or reset the connection to read its tables once more.',
  ],
  [
    'a newer version’s',
    { version: 2 },
    'The state of stream public.payments was written by a newer version of this source: use that version, or reset the stream.',
  ],
  [
    'another source’s',
    { cursor: '2026-01-01', state_type: 'cursor_based' },
    'The state of stream public.payments is not one of this source: reset the stream to read it again from the start.',
  ],
])('%s is refused, not ignored', async (_, state, message) => {
  const catalog = await configuredCatalog(config, 'incremental', ['payments']);
  const stream = { stream_descriptor: { name: 'payments', namespace: 'public' }, stream_state: state };
  const result = await runWalletSource('read', config, catalog, {
    state: 'type' in state ? state : [{ type: 'STREAM', stream }],
  });
  const errors = result.messages.flatMap(({ trace }) => (trace?.error === undefined ? [] : [trace.error]));
  expect({ code: result.code, records: records(result), errors }).toEqual({
    code: 1,
    records: [],
    errors: [expect.objectContaining({ failure_type: 'config_error', message })],
  });
});
