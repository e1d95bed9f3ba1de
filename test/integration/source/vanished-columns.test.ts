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
} from '../../support/source/wallet-source';

let database: FreshDatabase;
let admin: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).source, 'vanished');
  admin = await connectedTo(database);
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});

/** The table is read, then changed, then read again by the catalogue of before with a cursor and a key in it. */
async function after(change: string, method: string): Promise<RunResult> {
  await admin.query(`drop table if exists payments; create table payments (id int primary key, fee numeric,
      updated_at timestamptz default '2026-01-02'); insert into payments values (1, 1.5)`);
  const config = sourceConfig(database, { replication_method: { method } });
  const { streams } = await configuredCatalog(config, 'incremental', ['payments']);
  const catalog = {
    streams: streams.map((stream) => ({ ...stream, cursor_field: ['updated_at'], primary_key: [['id']] })),
  };
  const first = await runWalletSource('read', config, catalog);
  expect(records(first)).toHaveLength(1);
  await admin.query(change);
  return runWalletSource('read', config, catalog, { state: lastStates(first) });
}

const outcome = (result: RunResult): unknown => ({
  code: result.code,
  warnings: result.messages.flatMap(({ log }) => (log?.level === 'WARN' ? [log.message] : [])),
  errors: result.messages.flatMap(({ trace }) =>
    trace?.error?.stream_descriptor === undefined ? [] : [[trace.error.failure_type, trace.error.message]],
  ),
  records: records(result),
});

test.each(['Lossless', 'Window', 'Cursor'])(
  'a column that the catalogue names and the table has no more is named in each sync, and the rest is read: %s',
  async (method) => {
    const change = `alter table payments rename fee to charge; insert into payments values (2, 2.5, '2026-01-03')`;
    expect(outcome(await after(change, method))).toMatchObject({
      code: 0,
      warnings: [
        'Stream public.payments has no column fee any more: dropped or renamed since the catalogue was made. Its records come without: refresh the schema.',
      ],
      errors: [],
      records: expect.arrayContaining([{ id: 2, updated_at: '2026-01-03T00:00:00.000000Z' }]) as unknown,
    });
  },
);

test('a cursor column that is gone ends the stream with its name', async () => {
  for (const method of ['Lossless', 'Cursor']) {
    expect(outcome(await after('alter table payments drop updated_at', method))).toMatchObject({
      code: 1,
      errors: [['config_error', 'Stream public.payments has no column updated_at to use as its cursor.']],
      records: [],
    });
  }
});

test('a key column that is gone ends the stream with its name, as its rows would replace nothing', async () => {
  expect(outcome(await after('alter table payments rename id to number', 'Lossless'))).toEqual({
    code: 1,
    warnings: [],
    errors: [
      [
        'config_error',
        'Stream public.payments has no column id any more: dropped or renamed since the catalogue was made, and its primary key needs it. Refresh the schema and choose its key again.',
      ],
    ],
    records: [],
  });
});
