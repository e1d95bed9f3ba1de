import type { Client } from 'pg';
import { runCommand } from '../../support/command';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { dbtOn, expectSuccess } from './run-dbt';

jest.setTimeout(600_000);

let database: FreshDatabase;
let client: Client;

/** The simulator's wallet as a replica, reported in rupiahs by Jakarta's clock. */
beforeAll(async () => {
  database = await freshDatabase((await services()).warehouse, 'dbt');
  const seed = ['seed', '--database-url', database.url, '--rows', '30000', '--seed', '42'];
  expect(await runCommand('ewallet-simulator', [...seed, '--end-date', '2026-03-31T17:00:00Z'])).toMatchObject({
    code: 0,
  });
  client = await connectedTo(database);
  const dbt = await dbtOn(database);
  const vars = {
    ewallet_ingestion: 'replica',
    ewallet_schemas: { kafka: 'raw', replica: 'public' },
    reporting_amount_scale: 10_000,
  };
  const reported = { EWALLET_REPORTING_CURRENCY: 'IDR', EWALLET_REPORTING_TIME_ZONE: 'Asia/Jakarta' };
  const select = [
    '--select',
    '+risk_rule_outcomes',
    '+hourly_transaction_summary',
    '+daily_channel_summary',
    'reporting_settings',
  ];
  expectSuccess(await dbt.run(['build', ...select, '--exclude-resource-type', 'test', 'unit_test'], vars, reported));
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

async function rows(sql: string): Promise<readonly Record<string, unknown>[]> {
  return (await client.query<Record<string, unknown>>(sql)).rows;
}

test('every customer with a planted structuring burst has a structuring signal in that currency', async () => {
  // As the simulator plants it: three or more deposits of 90 to 99.9% of the country's threshold, hours apart.
  const planted = await rows(`
    with deposits as (
      select w.user_id, t.currency, t.created_at from transactions as t join wallets as w on w.id = t.destination_wallet_id
      join (values ('USD', 10000), ('IDR', 100000000), ('PHP', 500000), ('VND', 200000000), ('SGD', 20000), ('THB', 400000))
        as threshold (currency, amount) on threshold.currency = t.currency
      where t.type = 'top_up' and t.status = 'completed' and t.amount between 0.9 * threshold.amount and 0.999 * threshold.amount
    )
    select distinct a.user_id::int, a.currency from deposits as a where (
      select count(*) from deposits as b where (b.user_id, b.currency) = (a.user_id, a.currency)
        and b.created_at between a.created_at and a.created_at + interval '1 day') >= 3
    order by 1, 2`);
  expect(planted.length).toBeGreaterThan(0);
  const found = await rows(
    `select distinct user_id::int, currency from marts.risk_signals where signal_type = 'structuring' order by 1, 2`,
  );
  expect(found).toEqual(expect.arrayContaining([...planted]));
});

test("an hour and a day are those of the reporting time zone's clock", async () => {
  const mart = await rows(`
    select transaction_date::text as day, hour_of_day as hour, sum(transaction_count)::int as n
    from marts.hourly_transaction_summary group by 1, 2 order by 1, 2`);
  const wallet = await rows(`
    select (created_at at time zone 'Asia/Jakarta')::date::text as day,
      extract(hour from created_at at time zone 'Asia/Jakarta')::int as hour, count(*)::int as n
    from transactions group by 1, 2 order by 1, 2`);
  expect(wallet.length).toBeGreaterThan(1000);
  expect(mart).toEqual(wallet);
});

test('amounts and their bands are in the reporting currency', async () => {
  const mart = await rows(`
    select currency, round(sum(gross_amount_reporting), 2)::text as value, sum(under_1_count)::int as least,
      sum(from_2000_count)::int as most
    from marts.daily_channel_summary group by 1 order by 1`);
  // Rates to the US dollar and back, at the day in Jakarta; each row is rounded to six decimals.
  const wallet = await rows(`
    with rates as (
      select currency, valid_from, rate_to_usd,
        coalesce(lead(valid_from) over (partition by currency order by valid_from), 'infinity') as valid_until
      from staging.exchange_rates
    ), valued as (
      select t.currency, round(t.amount * round(r.rate_to_usd / own.rate_to_usd, 15), 6) as value
      from (select *, (created_at at time zone 'Asia/Jakarta')::date as day from transactions) as t
      join rates as r on r.currency = t.currency and t.day >= r.valid_from and t.day < r.valid_until
      join rates as own on own.currency = 'IDR' and t.day >= own.valid_from and t.day < own.valid_until
    )
    select currency, round(sum(value), 2)::text as value, count(*) filter (where value < 10000)::int as least,
      count(*) filter (where value >= 20000000)::int as most
    from valued group by 1 order by 1`);
  expect(wallet).toHaveLength(6);
  expect(mart).toEqual(wallet);
  expect(
    await rows('select reporting_currency as currency, reporting_time_zone as zone from marts.reporting_settings'),
  ).toEqual([{ currency: 'IDR', zone: 'Asia/Jakarta' }]);
});

test('of the customers whom rules flagged in months that are ripe most are confirmed, and some were false alarms', async () => {
  const [all] = await rows(`
    select sum(flagged_users) >= 10 as several, sum(confirmed_users) / sum(flagged_users) between 0.3 and 0.85 as believable
    from marts.risk_rule_outcomes where month_start < '2026-03-01'`);
  expect(all).toEqual({ several: true, believable: true });
});
