import { spawnSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { PROJECT_ROOT } from '../../support/command';
import { freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { ORACLES, ORACLE_VIEWS, plantAgents, plantRisk } from './oracles';
import { dbtOn, expectSuccess } from './run-dbt';
import {
  createWallet,
  land,
  landBankBalances,
  landControlTotals,
  landPaymentCosts,
  landTargets,
  settleBalances,
} from './wallet-data';

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
  readonly config: { readonly contract?: { readonly enforced: boolean }; readonly materialized?: string };
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
  await plantAgents(client);
  await settleBalances(client);
  await land(client, '2026-06-01T00:00:00Z');
  await landControlTotals(client);
  await landBankBalances(client, 'raw');
  await landPaymentCosts(client);
  await landTargets(client, 'raw');
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
  // An ephemeral model is part of the queries that read it, and stands in their layer.
  const layer = (node: Node): number =>
    node.config.materialized === 'ephemeral'
      ? Math.min(
          ...models()
            .filter(({ depends_on }) => depends_on.nodes.some((id) => manifest.nodes[id] === node))
            .map(layer),
        )
      : (rank[node.schema] ?? 0);
  const broken = models().flatMap((model) =>
    model.depends_on.nodes
      .filter((id) => {
        if (id.startsWith('source.')) return model.schema !== 'staging';
        const upstream = manifest.nodes[id];
        if (upstream?.resource_type !== 'model') return false;
        if (model.schema === 'staging') return true; // Staging reads sources and maps, not other models.
        return layer(upstream) > layer(model);
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
      .filter(({ config }) => config.materialized !== 'ephemeral')
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
    'live_balance_checks',
    'live_minute_volumes',
    'live_rule_versions',
    'live_sessions',
    'live_transaction_events',
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
        union all select to_jsonb(r)::text from marts.live_rule_versions as r
        union all select to_jsonb(e)::text from marts.live_transaction_events as e
        union all select to_jsonb(b)::text from marts.live_balance_checks as b
        union all select to_jsonb(s)::text from marts.live_sessions as s`)
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
      set_by text, reason text, set_at timestamp);
    create table realtime.transaction_events (transaction_id bigint, event text, occurred_at timestamp, created_at timestamp, type text, channel text,
      failure_reason text, currency text, amount numeric(38, 4), fee numeric(38, 4), source_wallet_id bigint, source_wallet_kind text,
      destination_wallet_id bigint, destination_wallet_kind text, customer_id bigint, customer_country text, merchant_id bigint,
      merchant_category text, merchant_country text);
    create table realtime.balance_checks (wallet_id bigint, wallet_kind text, customer_id bigint, currency text, balance numeric(38, 4),
      movements numeric(38, 4), difference numeric(38, 4), unchanged_since timestamp);
    create table realtime.sessions (session_id text, customer_id bigint, started_at timestamp, last_event_at timestamp, events bigint, logins bigint,
      pin_failures bigint, transactions bigint, completed bigint, failed bigint, first_transaction_at timestamp, stage text)`);
  expectSuccess(await dbt.run(['build', '--select', 'path:models/marts/live']));
  await client.query(`
    insert into realtime.minute_volumes values ('2026-05-31 23:59', 'payment', 'completed', 'PHP', 2, 30.5, 0.3);
    insert into realtime.alerts values ('velocity-9', 'velocity', 7, '', '2026-05-31 23:50', '2026-05-31 23:59:59.000001', 8, 12.5, 'PHP', 'low', '8 transactions within 10 minutes');
    insert into realtime.deliveries values ('risk', 'velocity-9', 'raised', 1, 1, null, '2026-06-01 00:00:10'),
      ('case tool', 'velocity-9', 'raised', 1, 3, null, '2026-06-01 00:01:10'), ('mail', 'velocity-9', 'raise_undeliverable', 1, 9, 'HTTP 404', '2026-06-01 00:00:05');
    insert into realtime.risk_rule_history values ('velocity', 1, true, 10, null, 'maria', 'market day', '2026-06-01 08:00');
    insert into realtime.transaction_events values (9, 'failed', '2026-05-31 23:59:58', '2026-05-31 23:59:57', 'payment', 'qr', 'limit', 'PHP', 12.5, 0.1,
      3, 'customer', 4, 'merchant', 7, 'PH', 5, 'food', 'PH');
    insert into realtime.balance_checks values (3, 'customer', 7, 'PHP', 100, 89.5, 10.5, '2026-05-31 23:59:58');
    insert into realtime.sessions values ('s-1', 7, '2026-05-31 23:59', '2026-05-31 23:59:30', 3, 1, 1, 2, 1, 1, '2026-05-31 23:59:57', 'completed')`);
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
    {
      ...{ transaction_id: 9, event: 'failed', transaction_type: 'payment', channel: 'qr', failure_reason: 'limit' },
      ...{ occurred_at: '2026-05-31T23:59:58+00:00', created_at: '2026-05-31T23:59:57+00:00' },
      ...{ currency: 'PHP', amount: 12.5, fee_amount: 0.1, source_wallet_id: 3, source_wallet_kind: 'customer' },
      ...{ destination_wallet_id: 4, destination_wallet_kind: 'merchant', user_id: 7, user_country: 'PH' },
      ...{ merchant_id: 5, merchant_category: 'food', merchant_country: 'PH' },
    },
    {
      ...{ wallet_id: 3, wallet_kind: 'customer', user_id: 7, currency: 'PHP' },
      ...{ balance: 100, movement_amount: 89.5, difference: 10.5, unchanged_since: '2026-05-31T23:59:58+00:00' },
    },
    {
      ...{ session_id: 's-1', user_id: 7, started_at: '2026-05-31T23:59:00+00:00' },
      ...{ last_event_at: '2026-05-31T23:59:30+00:00', event_count: 3, login_count: 1, pin_failed_count: 1 },
      ...{ transaction_count: 2, completed_transaction_count: 1, failed_transaction_count: 1 },
      ...{ first_transaction_at: '2026-05-31T23:59:57+00:00', stage: 'completed' },
    },
  ]);
});

test('the comparison of stream and batch passes where both say the same, and warns of each hour, wallet and customer that differs', async () => {
  const compare = async () => {
    const compared = await dbt.run(['test', '--select', 'assert_stream_agrees_with_batch'], { compare_realtime: true });
    expectSuccess(compared);
    return /(PASS|WARN \d+) assert_stream_agrees_with_batch/.exec(compared.stdout)?.[1];
  };
  await client.query(`
    truncate realtime.minute_volumes, realtime.balance_checks, realtime.sessions;
    insert into realtime.minute_volumes
    select date_trunc('minute', created_at at time zone 'UTC'), transaction_type, transaction_status, currency, count(*), sum(amount), sum(fee_amount)
    from marts.fct_transactions group by 1, 2, 3, 4;
    insert into realtime.balance_checks (wallet_id, movements)
    select wallet_id, closing_balance from marts.wallet_balances_daily
    where balance_date = (select max(balance_date) from marts.wallet_balances_daily);
    insert into realtime.sessions (session_id, customer_id, events, logins, pin_failures)
    select user_id::text, user_id, sum(event_count), sum(login_count), sum(pin_failed_count) from marts.user_activity_daily
    where event_count > 0 group by user_id`);
  expect(await compare()).toBe('PASS');
  // A cent in one hour, a wallet that the stream does not have, a login too many.
  await client.query(`
    update realtime.minute_volumes set amount = amount + 0.01 where ctid = (select min(ctid) from realtime.minute_volumes);
    delete from realtime.balance_checks where wallet_id = (select min(wallet_id) from realtime.balance_checks);
    update realtime.sessions set logins = logins + 1 where customer_id = (select min(customer_id) from realtime.sessions)`);
  expect(await compare()).toBe('WARN 3');
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
