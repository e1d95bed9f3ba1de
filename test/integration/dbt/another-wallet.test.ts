import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { parse } from 'yaml';
import { PROJECT_ROOT } from '../../support/command';
import { freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { setAside } from './compare-marts';
import { dbtOn, expectSuccess } from './run-dbt';

jest.setTimeout(600_000);

const EXAMPLE = path.join(PROJECT_ROOT, 'dbt', 'examples', 'another-wallet');
const FROM_THE_EXAMPLE = {
  EWALLET_DBT_SEEDS: path.relative(path.join(PROJECT_ROOT, 'dbt'), path.join(EXAMPLE, 'seeds')),
};

let database: FreshDatabase;
let client: Client;
let dbt: Awaited<ReturnType<typeof dbtOn>>;
let vars: Record<string, unknown>;

beforeAll(async () => {
  database = await freshDatabase((await services()).warehouse, 'dbt');
  client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('create schema purse_db; set search_path = purse_db');
  for (const name of ['wallet.sql', 'transfer_with_state.sql', 'data.sql']) {
    await client.query(await readFile(path.join(EXAMPLE, name), 'utf8'));
  }
  await client.query(`reset search_path; set timezone = 'UTC'`);
  dbt = await dbtOn(database);
  vars = parse(await readFile(path.join(EXAMPLE, 'vars.yml'), 'utf8')) as Record<string, unknown>;
  expectSuccess(
    await dbt.run(
      ['build', '--exclude', 'test_type:unit'],
      { ...vars, strict_reconciliation: true, test_every_layer: true },
      FROM_THE_EXAMPLE,
    ),
  );
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

/** The rows of a query, each as its values joined by a blank, as text so that every decimal place shows. */
async function lines(sql: string): Promise<string[]> {
  const { rows } = await client.query<(string | null)[]>({
    text: sql,
    rowMode: 'array',
    types: { getTypeParser: asText },
  });
  return rows.map((row) => row.map((value) => value ?? 'null').join(' '));
}

const asText = () => (value: unknown) => value;

const SUMMARY = `
  select transaction_date, transaction_type, transaction_status, currency, transaction_count, gross_amount, fee_amount, net_amount,
    net_amount_reporting
  from marts.daily_transaction_summary order by 1, 2, 3, 4`;

const SUMMARY_BY_HAND = [
  '2026-03-01 payment completed USD 1 25.5000 0.2500 25.5000 25.500000',
  '2026-03-01 top_up completed USD 1 100.0000 0.0000 100.0000 100.000000',
  '2026-03-01 top_up completed VND 1 500000.0000 0.0000 500000.0000 20.000000',
  '2026-03-02 payment completed KWD 1 2.0050 0.0050 2.0050 6.536300',
  '2026-03-02 top_up completed KWD 1 12.3450 0.0000 12.3450 40.244700',
  '2026-03-02 transfer completed USD 1 10.0000 0.1000 10.0000 10.000000',
  '2026-03-02 withdrawal failed USD 1 4.0000 0.0000 0.0000 0.000000',
  '2026-03-03 payment pending USD 1 3.0000 0.0000 0.0000 0.000000',
  '2026-03-03 refund completed USD 1 5.5000 0.0000 -5.5000 -5.500000',
];

test('minor units become money by the divisor of their currency, on the day of the reporting zone', async () => {
  expect(await lines(SUMMARY)).toEqual(SUMMARY_BY_HAND);
});

test('types follow from the two sides, statuses and settlement from the last step, instants from wall clocks', async () => {
  const found = await lines(`
    select right(transaction_id::text, 1), transaction_type, transaction_status, channel, failure_reason,
      created_at at time zone 'UTC', seconds_to_settle, right(refund_of_transaction_id::text, 1)
    from marts.fct_transactions order by 1`);
  expect(found).toEqual([
    '1 top_up completed agent null 2026-03-01 01:00:00 30.000000 null',
    '2 payment completed qr null 2026-03-01 20:00:00 5.000000 null',
    '3 transfer completed app null 2026-03-02 02:00:00 1.000000 null',
    '4 withdrawal failed agent limit reached 2026-03-02 02:30:00 10.000000 null',
    '5 top_up completed agent null 2026-03-02 03:00:00 20.000000 null',
    '6 payment completed qr null 2026-03-02 04:00:00 4.000000 null',
    '7 top_up completed agent null 2026-03-01 23:00:00 5400.000000 null',
    '8 refund completed qr null 2026-03-03 05:00:00 2.000000 2',
    '9 payment pending app null 2026-03-03 06:00:00 null null',
  ]);
});

test('customers, merchants and what they spend read as in any other wallet', async () => {
  expect(
    await lines(`
      select country, kyc_tier_name, kyc_verified_at at time zone 'UTC', user_status, right(referred_by_user_id::text, 1), signup_date
      from marts.dim_users order by user_id`),
  ).toEqual(['ID verified 2026-02-11 02:00:00 active null 2026-02-09', 'VN basic null suspended 1 2026-02-20']);
  expect(
    await lines(`
      select merchant_name, merchant_category, fee_rate, tags, merchant_status, onboarded_at at time zone 'UTC'
      from marts.dim_merchants`),
  ).toEqual(['Kedai groceries 0.015000 halal, open late active 2026-02-01 01:00:00']);
  expect(
    await lines(`
      select top_up_count, top_up_amount_reporting, payment_count, payment_amount_reporting, refund_amount_reporting,
        transfer_amount_reporting, withdrawal_count, fee_amount_reporting, monetary_amount_reporting
      from marts.user_spending_patterns order by user_id`),
  ).toEqual([
    '2 140.244700 2 32.036300 5.500000 10.000000 0 0.366300 36.536300',
    '1 20.000000 0 0.000000 0.000000 0.000000 0 0.000000 0.000000',
  ]);
});

test('balances are carried day by day, and agree with the wallets to the last minor unit', async () => {
  expect(
    await lines(`
      select balance_date, currency, closing_balance from marts.wallet_balances_daily
      where wallet_kind = 'customer' and balance_date >= '2026-03-01' and (currency = 'VND' or user_id::text like 'a%1')
      order by 2, 1`),
  ).toEqual([
    '2026-03-01 KWD 0.0000',
    '2026-03-02 KWD 10.3350',
    '2026-03-03 KWD 10.3350',
    '2026-03-01 USD 74.2500',
    '2026-03-02 USD 64.1500',
    '2026-03-03 USD 69.6500',
    '2026-03-01 VND 0.0000',
    '2026-03-02 VND 500000.0000',
    '2026-03-03 VND 500000.0000',
  ]);
  expect(
    await lines(`
      select currency, actual_value from marts.reconciliation where check_name = 'float_equals_liabilities' order by 1`),
  ).toEqual(['KWD 12.3450', 'USD 100.0000', 'VND 500000.0000']);
  expect(await lines('select check_name, subject, currency from marts.reconciliation where not is_reconciled')).toEqual(
    [],
  );
});

test('keys are uuid or text as key_type says, and the marts are the same', async () => {
  const keys = `select distinct data_type from information_schema.columns
    where table_schema = 'marts' and column_name ~ '(transaction|user|merchant|wallet)_id$'`;
  expect(await lines(keys)).toEqual(['uuid']);
  await setAside(client, 'uuid');
  expectSuccess(await dbt.run(['run'], { ...vars, key_type: 'text' }, FROM_THE_EXAMPLE));
  expect(await lines(keys)).toEqual(['text']);
  expect(await lines(SUMMARY)).toEqual(SUMMARY_BY_HAND);
});

test('models call PostgreSQL’s own operators where the role has a schema before pg_catalog', async () => {
  await client.query(`
    create schema led_astray;
    create function led_astray.raise(text, text) returns boolean language plpgsql as $$ begin raise 'led astray'; end $$;
    create operator led_astray.= (leftarg = text, rightarg = text, function = led_astray.raise)`);
  expectSuccess(
    await dbt.run(['run', '--select', 'stg_ewallet__currencies', 'dim_currencies'], vars, {
      ...FROM_THE_EXAMPLE,
      PGOPTIONS: '-c search_path=led_astray,pg_catalog',
    }),
  );
});

test('a function of a schema before pg_catalog lets no test pass: it fails with the rows that it finds, stored or not', async () => {
  const astray = { ...FROM_THE_EXAMPLE, PGOPTIONS: '-c search_path=led_astray,pg_catalog' };
  // Nothing is ever found where this count is asked, and everything is unique where a catalogue is asked by it.
  await client.query(`
    create schema if not exists led_astray;
    create function led_astray.same(bigint) returns bigint language sql as 'select $1';
    create aggregate led_astray.count(*) (sfunc = led_astray.same, stype = bigint, initcond = '0');
    insert into marts.dim_currencies select * from marts.dim_currencies limit 1`);
  try {
    for (const options of [[], ['--store-failures']]) {
      const result = await dbt.run(['test', '--select', 'dim_currencies', ...options], vars, astray);
      expect({ code: result.code, found: result.stdout.includes('Got 1 result, configured to fail if != 0') }).toEqual({
        code: 1,
        found: true,
      });
    }
    expectSuccess(await dbt.run(['test', '--select', 'customers_add_up_over_all_time'], vars, astray));
  } finally {
    await client.query('drop schema led_astray cascade');
    expectSuccess(await dbt.run(['run', '--select', 'dim_currencies'], vars, FROM_THE_EXAMPLE));
  }
});
