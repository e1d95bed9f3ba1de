import { spawnSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { PROJECT_ROOT } from '../../support/command';
import { freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { ORACLES, ORACLE_VIEWS, plantRisk } from './oracles';
import { dbtOn, expectSuccess } from './run-dbt';
import { createWallet, land, landBankBalances, landControlTotals, settleBalances } from './wallet-data';

jest.setTimeout(600_000);

interface Column {
  readonly description: string;
  readonly data_type: string | null;
  readonly config?: { readonly meta?: { readonly personal_data?: string } };
}

interface Node {
  readonly name: string;
  readonly resource_type: string;
  readonly schema: string;
  readonly description: string;
  readonly columns: Readonly<Record<string, Column>>;
  readonly depends_on: { readonly nodes: readonly string[] };
  readonly config: { readonly contract?: { readonly enforced: boolean } };
}

interface Manifest {
  readonly nodes: Readonly<Record<string, Node>>;
  readonly exposures: Readonly<Record<string, { readonly name: string }>>;
}

let database: FreshDatabase;
let client: Client;
let dbt: Awaited<ReturnType<typeof dbtOn>>;
let manifest: Manifest;

beforeAll(async () => {
  database = await freshDatabase((await services()).warehouse, 'dbt');
  client = new Client({ connectionString: database.url });
  await client.connect();
  dbt = await dbtOn(database);
  await createWallet(client);
  await plantRisk(client);
  await settleBalances(client);
  await land(client, '2026-06-01T00:00:00Z');
  await landControlTotals(client);
  await landBankBalances(client, 'raw');
  expectSuccess(await dbt.run(['build'], { strict_reconciliation: true, test_every_layer: true }));
  expectSuccess(await dbt.run(['docs', 'generate', '--static', '--no-compile']));
  manifest = JSON.parse(await readFile(path.join(dbt.targetPath, 'manifest.json'), 'utf8')) as Manifest;
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const models = () => Object.values(manifest.nodes).filter((node) => node.resource_type === 'model');

test('documentation builds into one file', async () => {
  expect((await stat(path.join(dbt.targetPath, 'static_index.html'))).size).toBeGreaterThan(100_000);
});

test('each model is named for its layer and stands in that schema', () => {
  const wrong = models().filter(({ name, schema }) => {
    if (name.startsWith('stg_')) return schema !== 'staging';
    if (name.startsWith('int_')) return schema !== 'intermediate';
    return schema !== 'marts';
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test('sources are read by staging alone, and no layer reads a later one', () => {
  const rank: Readonly<Record<string, number>> = { staging: 1, intermediate: 2, marts: 3 };
  const broken = models().flatMap((model) =>
    model.depends_on.nodes
      .filter((id) => {
        if (id.startsWith('source.')) return model.schema !== 'staging';
        const upstream = manifest.nodes[id];
        if (upstream?.resource_type !== 'model') return false;
        if (model.schema === 'staging') return true; // Staging reads sources and maps, not other models.
        return (rank[upstream.schema] ?? 0) > (rank[model.schema] ?? 0);
      })
      .map((id) => `${model.name} reads ${id}`),
  );
  expect(broken).toEqual([]);
});

test('every model, seed and column is described as it is in the database, every mart column has a contract', async () => {
  const { rows } = await client.query<{ schema: string; table: string; column: string }>(
    `select table_schema as schema, table_name as table, column_name as column from information_schema.columns
     where table_schema in ('staging', 'intermediate', 'marts')`,
  );
  const nodes = new Map(
    Object.values(manifest.nodes)
      .filter(({ resource_type }) => resource_type === 'model' || resource_type === 'seed')
      .map((node) => [`${node.schema}.${node.name}`, node]),
  );
  const missing = rows.filter(({ schema, table, column }) => {
    const node = nodes.get(`${schema}.${table}`);
    const described = node?.columns[column];
    if (node === undefined || node.description === '' || (described?.description ?? '') === '') return true;
    return schema === 'marts' && (node.config.contract?.enforced !== true || described?.data_type === null);
  });
  expect(missing).toEqual([]);
  expect(nodes.size).toBe(new Set(rows.map(({ schema, table }) => `${schema}.${table}`)).size);
});

test('every model has a grain test', () => {
  const tested = new Set(
    Object.values(manifest.nodes)
      .filter(({ resource_type, name }) => resource_type === 'test' && name.startsWith('unique_grain_'))
      .flatMap(({ depends_on }) => depends_on.nodes),
  );
  const untested = Object.entries(manifest.nodes).filter(
    ([id, node]) => node.resource_type === 'model' && !tested.has(id),
  );
  expect(untested.map(([id]) => id)).toEqual([]);
});

test('personal data stays in staging', async () => {
  const personal = models().flatMap(({ columns }) =>
    Object.entries(columns)
      .filter(([, column]) => column.config?.meta?.personal_data !== undefined)
      .map(([name]) => name),
  );
  expect([...new Set(personal)].sort()).toEqual(['date_of_birth', 'email', 'full_name', 'ip_address', 'phone']);
  const { rows } = await client.query<{ name: string }>(
    `select table_schema || '.' || table_name || '.' || column_name as name from information_schema.columns
     where table_schema in ('intermediate', 'marts') and column_name = any($1)`,
    [personal],
  );
  expect(rows).toEqual([]);
  const leaked = await client.query('select 1 from marts.dim_users as u where u::text ~* $1', ['Person ?[0-9]']);
  expect(leaked.rows).toEqual([]);
});

test('exposures are those of the dashboards, and every card runs on the contracts', async () => {
  const check = spawnSync('node', ['scripts/dbt-exposures.mjs', '--check'], { cwd: PROJECT_ROOT, encoding: 'utf8' });
  expect({ code: check.status, stderr: check.stderr }).toEqual({ code: 0, stderr: '' });
  const folder = path.join(PROJECT_ROOT, 'metabase', 'content', 'questions');
  const failures: string[] = [];
  for (const name of await readdir(folder)) {
    const question = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as { key: string; sql: string[] };
    // Without its optional filters; what a tag would fill in must still be a column, so only whole clauses are left out.
    const sql = question.sql
      .join('\n')
      .replace(/\[\[[^]*?\]\]/g, '')
      .replace(/[{]{2}[^}]*[}]{2}(?=\s*,)/g, "'day'") // a unit of time, as date_trunc takes it
      .replace(/[{]{2}[^}]*[}]{2}/g, 'true');
    await client.query(`explain ${sql}`).catch((error: unknown) => failures.push(`${question.key}: ${String(error)}`));
  }
  expect(failures).toEqual([]);
});

describe('plain SQL over the tables of the wallet gives the figures of the marts', () => {
  beforeAll(() => client.query(ORACLE_VIEWS));

  test.each(ORACLES)('$fact', async ({ mart, wallet }) => {
    const expected = (await client.query<Record<string, unknown>>(wallet)).rows;
    expect(expected.length).toBeGreaterThan(0);
    expect((await client.query<Record<string, unknown>>(mart)).rows).toEqual(expected);
  });
});

test('every mart has an oracle', async () => {
  const { rows } = await client.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'marts' order by 1`,
  );
  const read = new Set(ORACLES.flatMap(({ mart }) => [...mart.matchAll(/\bmarts\.(\w+)/g)].map(([, name]) => name)));
  // What is set aside is compared with what was made wrong, in bad-rows.test.ts; every balance there was with the wallet's
  // own changes, in captured-deletions.test.ts, as only change data capture has them; what is live with the stream below.
  expect(rows.map(({ name }) => name).filter((name) => !read.has(name))).toEqual([
    'live_alerts',
    'live_minute_volumes',
    'live_rule_versions',
    'set_aside_rows',
    'wallet_balance_history',
  ]);
});

test('without a stream the live marts are there and empty; with one they follow it without another run of dbt', async () => {
  const live = async (): Promise<readonly unknown[]> =>
    (
      await client.query<{ row: string }>(`
        select to_jsonb(v)::text as row from marts.live_minute_volumes as v
        union all select to_jsonb(a)::text from marts.live_alerts as a
        union all select to_jsonb(r)::text from marts.live_rule_versions as r`)
    ).rows.map(({ row }): unknown => JSON.parse(row));
  expect(await live()).toEqual([]);
  // As a second sink lands them: times without a zone are UTC.
  await client.query(`
    create schema realtime;
    create table realtime.minute_volumes (minute timestamp, type text, status text, currency text, transactions bigint, amount numeric(38, 4), fee numeric(38, 4));
    create table realtime.alerts (alert_id text, signal text, customer_id bigint, subject text, window_start timestamp, window_end timestamp,
      transactions bigint, amount numeric(38, 4), currency text, severity text, explanation text);
    create table realtime.deliveries (channel text, alert_id text, status text, round bigint, attempts bigint, cause text, told_at timestamp);
    create table realtime.risk_rule_history (signal text, version bigint, enabled boolean, least_count bigint, least_share numeric(38, 9),
      set_by text, reason text, set_at timestamp)`);
  expectSuccess(await dbt.run(['build', '--select', 'live_minute_volumes', 'live_alerts', 'live_rule_versions']));
  await client.query(`
    insert into realtime.minute_volumes values ('2026-05-31 23:59', 'payment', 'completed', 'PHP', 2, 30.5, 0.3);
    insert into realtime.alerts values ('velocity-9', 'velocity', 7, '', '2026-05-31 23:50', '2026-05-31 23:59:59.000001', 8, 12.5, 'PHP', 'low', '8 transactions within 10 minutes');
    insert into realtime.deliveries values ('risk', 'velocity-9', 'raised', 1, 1, null, '2026-06-01 00:00:10'),
      ('case tool', 'velocity-9', 'raised', 1, 3, null, '2026-06-01 00:01:10'), ('mail', 'velocity-9', 'raise_undeliverable', 1, 9, 'HTTP 404', '2026-06-01 00:00:05');
    insert into realtime.risk_rule_history values ('velocity', 1, true, 10, null, 'maria', 'market day', '2026-06-01 08:00')`);
  expect(await live()).toEqual([
    {
      minute_start: '2026-05-31T23:59:00+00:00',
      transaction_type: 'payment',
      transaction_status: 'completed',
      currency: 'PHP',
      transaction_count: 2,
      amount: 30.5,
      fee_amount: 0.3,
    },
    {
      alert_id: 'velocity-9',
      signal_type: 'velocity',
      severity: 'low',
      user_id: 7,
      subject: '',
      window_start: '2026-05-31T23:50:00+00:00',
      window_end: '2026-05-31T23:59:59.000001+00:00',
      alert_date: '2026-05-31',
      event_count: 8,
      currency: 'PHP',
      amount: 12.5,
      explanation: '8 transactions within 10 minutes',
      told_channels: 'case tool, risk',
      told_at: '2026-06-01T00:00:10+00:00',
    },
    {
      signal_type: 'velocity',
      version_number: 1,
      is_enabled: true,
      least_count: 10,
      least_share: null,
      set_by: 'maria',
      reason: 'market day',
      set_at: '2026-06-01T08:00:00+00:00',
    },
  ]);
});

test("a merchant's new fee rate holds from the day it landed, also after a full refresh", async () => {
  const fees = `select month_start::text as month, sum(merchant_fee_amount)::text as fee from marts.merchant_performance
    where merchant_id = 1 and currency = 'PHP' group by 1 order by 1`;
  const before = (await client.query(fees)).rows;
  expect(before.length).toBeGreaterThan(2);
  // It lands after the last payment: no month so far has it.
  await client.query(
    `update raw.merchants set fee_rate = 0.5, _loaded_at = timestamptz '2026-06-02T00:00:00Z' where id = 1`,
  );
  const select = ['--select', 'int_merchant_fee_rates', 'dim_merchants', 'merchant_performance'];
  expectSuccess(await dbt.run(['run', ...select]));
  expect((await client.query(fees)).rows).toEqual(before);
  expectSuccess(await dbt.run(['run', '--full-refresh', ...select]));
  expect((await client.query(fees)).rows).toEqual(before);
  const { rows } = await client.query(
    `select fee_rate::text, valid_from::text from intermediate.int_merchant_fee_rates where merchant_id = 1 order by valid_from`,
  );
  expect(rows).toEqual([
    { fee_rate: '0.015000', valid_from: '-infinity' },
    { fee_rate: '0.500000', valid_from: '2026-06-02' },
  ]);
});

test('the warehouse agrees with what the wallet counted, and a test fails where one total differs', async () => {
  const checks = `select check_name, subject, currency, difference::text, is_reconciled from marts.reconciliation
    where check_name like '%_match_source' and (not is_reconciled or $1) order by 1, 2, 3`;
  const before = await client.query(checks, [true]);
  expect(before.rowCount).toBe(14); // Transactions in two currencies and wallets in four, by rows and by amount; users and merchants.
  expect((await client.query(checks, [false])).rows).toEqual([]);
  await client.query(`
    update raw.control_totals set amount = amount + 0.01 where stream = 'transactions' and currency = 'PHP';
    update raw.control_totals set row_count = row_count + 1 where stream = 'users'`);
  const vars = { strict_reconciliation: true, test_every_layer: true };
  const result = await dbt.run(['build', '--select', 'reconciliation', '--exclude', 'test_type:unit'], vars);
  expect(result.code).toBe(1);
  expect(result.stdout).toMatch(/Failure in test assert_reconciled [^]*Got 2 results, configured to fail if != 0/);
  expect((await client.query(checks, [false])).rows).toEqual([
    {
      check_name: 'amounts_match_source',
      subject: 'transactions',
      currency: 'PHP',
      difference: '-0.0100',
      is_reconciled: false,
    },
    { check_name: 'rows_match_source', subject: 'users', currency: 'all', difference: '-1.0000', is_reconciled: false },
  ]);
});

test('an unknown type lands in the unmapped bucket, and a test fails with its name', async () => {
  await client.query(
    `update raw.transactions set type = 'cash''back "2x"', _loaded_at = '2026-06-01T00:01:00Z' where id in (7, 8)`,
  );
  const result = await dbt.run([
    'build',
    '--select',
    '+assert_no_unmapped_values',
    '+fct_transactions',
    '--exclude',
    'test_type:unit',
  ]);
  expect(result.code).toBe(1);
  expect(result.stdout).toContain(
    'unmapped transaction_type: "cash\'back "2x"" in 2 rows; add it to the value_map seed',
  );
  const { rows } = await client.query(
    `select transaction_type, count(*)::int as n from marts.fct_transactions where transaction_id in (7, 8) group by 1`,
  );
  expect(rows).toEqual([{ transaction_type: 'unmapped', n: 2 }]);
});
