import type { Client } from 'pg';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { dbtOn, expectSuccess } from './run-dbt';
import { createWallet, land, settleBalances } from './wallet-data';

jest.setTimeout(600_000);

let database: FreshDatabase;
let client: Client;
let dbt: Awaited<ReturnType<typeof dbtOn>>;
let built: string;

/** The tests of the project that find keys and warn. */
const TESTS = [
  'assert_amounts_fit_their_currency',
  'assert_balances_continue',
  'assert_closed_days_stay',
  'assert_closed_wallets_are_empty',
  'assert_each_transaction_balances',
  'assert_fact_agrees_with_rebuild',
  'assert_fee_rates_follow_each_other',
  'assert_no_balances_below_zero',
  'assert_frozen_wallets_let_nothing_out',
  'assert_nothing_is_forgotten',
  'assert_rates_are_plausible',
  'assert_returns_fit_their_payment',
  'assert_safeguarded_money_is_covered',
  'assert_settled_means_decided',
  'assert_states_go_forward',
  'assert_stored_balances_follow_movements',
  'assert_trial_balance_of_every_day',
  'assert_wallets_of_transactions_are_known',
];

beforeAll(async () => {
  database = await freshDatabase((await services()).warehouse, 'dbt');
  client = await connectedTo(database);
  dbt = await dbtOn(database);
  await createWallet(client);
  // Customers of this wallet may overdraw; here they have had enough from the beginning.
  await client.query(`
    insert into wallet.transactions (type, status, source_wallet_id, destination_wallet_id, currency, amount, fee, channel,
      created_at, settled_at, updated_at)
    select 'top_up', 'completed', float.id, own.id, own.currency, 100000000, 0, 'app', at, at, at
    from wallet.wallets as own join wallet.wallets as float on float.kind = 'float' and float.currency = own.currency
    cross join (values (timestamptz '2026-02-27Z')) as times (at)
    where own.kind in ('customer', 'merchant')`);
  await settleBalances(client);
  // Every version of each wallet, as a second sink lands them: one for each movement, and the frozen one that sent nothing after.
  await client.query(`
    create schema history;
    create table history.wallets as
    select wallet_id as id, currency, status, coalesce(sum(amount) over (partition by wallet_id order by settled_at, id, amount desc), 0) as balance,
      row_number() over (order by settled_at, id, amount desc)::numeric as _ab_cdc_lsn, settled_at as _ab_cdc_updated_at,
      null::timestamptz as _ab_cdc_deleted_at
    from (
      select id, source_wallet_id as wallet_id, settled_at, -amount - fee as amount, currency, 'active' as status
      from wallet.transactions where status = 'completed'
      union all
      select id, destination_wallet_id, settled_at, amount, currency, 'active' from wallet.transactions where status = 'completed'
      union all
      select t.id, w.id, t.settled_at, t.fee, t.currency, 'active' from wallet.transactions as t
      join wallet.wallets as w on w.kind = 'fee' and w.currency = t.currency where t.status = 'completed' and t.fee > 0
    ) as moved`);
  await land(client, '2026-06-01T00:00:00Z');
  const result = await dbt.run(['build', '--exclude', 'test_type:unit'], { compare_rebuild: true });
  expectSuccess(result);
  built = result.stdout;
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

/** What each test found: its count, where it warns. */
const outcomes = (stdout: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    TESTS.map((name) => [
      name,
      new RegExp(`(PASS|WARN \\d+|FAIL \\d+|ERROR|SKIP) ${name} `).exec(stdout)?.[1] ?? 'not run',
    ]),
  );

test('a sound wallet passes every test but for the transactions that it forgot', () => {
  expect(outcomes(built)).toEqual({
    ...Object.fromEntries(TESTS.map((name) => [name, 'PASS'])),
    assert_nothing_is_forgotten: 'WARN 15',
  });
});

test('each test warns of what it is for by its key and says no amount, and none is an error', async () => {
  await client.query(`
    update marts.fct_transactions set source_wallet_id = null where transaction_id = 9;
    update marts.fct_transactions set source_wallet_kind = null where transaction_id = 10;
    update marts.fct_transactions set amount = amount + 0.001 where transaction_id = 12;
    update marts.fct_transactions set settled_at = null where transaction_id = 13;
    update marts.fct_transactions set refund_of_transaction_id = 16, currency = 'PHP', created_at = '2026-03-01 00:00Z',
      transaction_status = 'completed' where transaction_id in (45, 75);
    update marts.fct_transactions set transaction_status = 'completed', currency = 'PHP' where transaction_id = 16;
    update marts.daily_wallet_movements set net_amount = net_amount + 1
      where ctid = (select min(ctid) from marts.daily_wallet_movements where movement_date = '2026-03-05');
    update marts.wallet_balances_daily set opening_balance = opening_balance + 31415, outflow_amount = outflow_amount + 31415
      where wallet_id = 40 and balance_date = '2026-05-20';
    update marts.wallet_balances_daily set closing_balance = -31415, outflow_amount = opening_balance + inflow_amount + 31415
      where wallet_id = 41 and balance_date = (select max(balance_date) from marts.wallet_balances_daily);
    update marts.dim_wallets set wallet_status = 'closed' where wallet_id = 42;
    update marts.wallet_balance_history set balance = 31415 where wallet_id = 43 and is_current;
    insert into history.wallets
      select source_wallet_id, currency, 'frozen', 0, 1000000, created_at - interval '1 hour', null
      from wallet.transactions where id = 899;
    insert into marts.safeguarding_daily (balance_date, currency, bank_balance, is_covered)
      values ('2026-05-01', 'PHP', 31415, true), ('2026-05-02', 'PHP', null, null), ('2026-05-03', 'PHP', 31415, false);
    update staging.exchange_rates set rate_to_usd = -rate_to_usd
      where (currency, valid_from) = ('VND', (select max(valid_from) from staging.exchange_rates where currency = 'VND'));
    insert into intermediate.int_merchant_fee_rates values (3, 0.031415, '-infinity', '2099-01-01Z'),
      (4, 0.031415, '2026-05-05', '2099-01-01Z'), (4, 0.02, '2026-05-04', '2099-01-02Z'), (99, 0.02, '2026-05-04', '2099-01-02Z');
    insert into intermediate.int_transaction_changes
      (changed_at, transaction_id, change, image, transaction_date, transaction_status, currency, amount, fee_amount)
    values ('2026-06-02Z', 20, 'updated', 'before', '2026-06-01', 'completed', 'PHP', 31415, 0),
      ('2026-06-02Z', 20, 'updated', 'after', '2026-06-01', 'failed', 'PHP', 31415, 0),
      ('2026-06-02Z', 21, 'updated', 'before', '2026-03-01', 'completed', 'PHP', 31415, 0),
      ('2026-06-02Z', 21, 'updated', 'after', '2026-03-01', 'completed', 'PHP', 3141.5, 0),
      ('2026-06-02Z', 22, 'updated', 'before', '2026-03-01', 'completed', 'PHP', 31415, 0),
      ('2026-06-02Z', 22, 'updated', 'after', '2026-03-01', 'completed', 'PHP', 31415, 0),
      ('2026-06-02Z', 23, 'deleted', 'before', '2026-03-01', 'completed', 'PHP', 31415, 0)`);
  const result = await dbt.run(['test', '--select', ...TESTS], { compare_rebuild: true });
  expect(result.code).toBe(0);
  expect(outcomes(result.stdout)).toEqual({
    assert_amounts_fit_their_currency: 'WARN 1',
    assert_balances_continue: 'WARN 1',
    assert_closed_days_stay: 'WARN 2',
    assert_closed_wallets_are_empty: 'WARN 1',
    assert_each_transaction_balances: 'WARN 1',
    assert_fact_agrees_with_rebuild: 'WARN 5',
    assert_fee_rates_follow_each_other: 'WARN 2',
    assert_no_balances_below_zero: 'WARN 1',
    assert_frozen_wallets_let_nothing_out: 'WARN 1',
    assert_nothing_is_forgotten: 'WARN 15',
    assert_rates_are_plausible: 'WARN 1',
    assert_returns_fit_their_payment: 'WARN 1',
    assert_safeguarded_money_is_covered: 'WARN 2',
    assert_settled_means_decided: 'WARN 1',
    assert_states_go_forward: 'WARN 1',
    assert_stored_balances_follow_movements: 'WARN 30',
    assert_trial_balance_of_every_day: 'WARN 1',
    assert_wallets_of_transactions_are_known: 'WARN 1',
  });
  const said = result.stdout.split('\n').flatMap((line) => /^[\d:]+ {2}([a-z][^:]*: .*)$/.exec(line)?.[1] ?? []);
  expect(said.sort()).toEqual([
    'closed wallets with a balance: 42',
    'completed transactions out of a wallet that was frozen: 899',
    'completed transactions without a wallet on one side: 9',
    'days of wallets that do not continue the day before: 40 on 2026-05-20',
    'days of wallets that ended with another balance than their movements say: 43 on 2026-04-30, 43 on 2026-05-01, 43 on 2026-05-02, 43 on 2026-05-03, 43 on 2026-05-04 and more, 30 in all',
    'days on which the bank held less than was owed, or without a statement: 2026-05-02 PHP, 2026-05-03 PHP',
    'days on which what wallets got is not what others gave: 2026-03-05 PHP',
    'exchange rates that are not positive or jump by more than a fifth: VND from 2026-12-01',
    'merchants whose fee rates leave out days or overlap: 4, 99',
    'payments that gave back more than they were, or before they were made: 16',
    'transactions of days that were closed: 21 of 2026-03-01, 23 of 2026-03-01',
    'transactions that are otherwise when computed again: 12, 13, 45, 75, 9',
    'transactions that are pending for longer than any of their channel: 106, 159, 212, 265, 318 and more, 15 in all',
    'transactions that left a final state: 20',
    'transactions whose state and time of settling contradict each other: 13',
    'transactions with a wallet that has not landed or vanished: 10',
    'transactions with more decimal places than their currency has: 12',
    'wallets of customers and merchants that are below zero: 41 from 2026-05-30',
  ]);
  expect(result.stdout).not.toMatch(/3141/);
});

test('where a part is built, a test of more than that finds nothing to compare', async () => {
  await client.query('drop table marts.dim_currencies cascade');
  const result = await dbt.run(['test', '--select', 'assert_amounts_fit_their_currency']);
  expectSuccess(result);
  expect(outcomes(result.stdout).assert_amounts_fit_their_currency).toBe('PASS');
});
