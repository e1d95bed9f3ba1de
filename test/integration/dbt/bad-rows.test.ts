import { migrateSinkSchema } from '@ewallet/sink-schema';
import type { Client } from 'pg';
import type { CommandResult } from '../../support/command';
import { connectedTo, freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { compareMarts } from './compare-marts';
import { dbtOn, expectSuccess } from './run-dbt';
import { createWallet, land } from './wallet-data';

jest.setTimeout(600_000);

let database: FreshDatabase;
let client: Client;
let dbt: Awaited<ReturnType<typeof dbtOn>>;

beforeAll(async () => {
  database = await freshDatabase((await services()).warehouse, 'dbt');
  client = await connectedTo(database);
  dbt = await dbtOn(database);
  await createWallet(client);
  await land(client, '2026-06-01T00:00:00Z');
  expectSuccess(await dbt.run(['build', '--exclude', 'test_type:unit'], { strict_reconciliation: true }));
  await client.query(`
    create schema marts_sound;
    do $$ declare mart text; begin
      for mart in select table_name from information_schema.tables where table_schema = 'marts' loop
        execute format('create table marts_sound.%1$I as select * from marts.%1$I', mart);
      end loop;
    end $$`);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

/** A copy of transaction 9 (completed), under another key and with one value that cannot be. */
const badTransaction = (id: number, change: string): string => `
  create temp table bad as select * from raw.transactions where id = 9;
  update bad set id = ${id}, _kafka_offset = 10000 + ${id}, _loaded_at = '2026-06-02Z', ${change};
  insert into raw.transactions select * from bad;
  drop table bad;`;

test('rows that cannot be change no mart; pipeline health counts them, and the log names their keys', async () => {
  await client.query(
    [
      badTransaction(9001, "created_at = '2099-01-01Z'"),
      badTransaction(9002, "settled_at = '2099-01-01Z'"),
      badTransaction(9003, "created_at = '1970-01-01Z'"),
      badTransaction(9004, 'created_at = null'),
      badTransaction(9005, 'amount = -150000'),
      badTransaction(9006, 'amount = null'),
      badTransaction(9007, "amount = 'NaN'"),
      badTransaction(9008, "created_at = 'infinity'"),
      `insert into raw.user_activity select * from (
         select (jsonb_populate_record(a, '{"id": 9009, "occurred_at": "2098-01-01Z", "_loaded_at": "2026-06-02Z"}')).*
         from raw.user_activity as a where id = 9) as bad`,
      `insert into raw.user_activity select * from (
         select (jsonb_populate_record(a, '{"id": 9010, "occurred_at": "1969-01-01Z", "_loaded_at": "2026-06-02Z"}')).*
         from raw.user_activity as a where id = 9) as bad`,
      // No fee is no fee: these had none before.
      `update raw.transactions set fee = null, _loaded_at = '2026-06-02Z'
       where id in (select id from raw.transactions where fee = 0 and status = 'completed' order by id limit 5)`,
    ].join(';\n'),
  );
  const result = await dbt.run(['build', '--exclude', 'test_type:unit'], { strict_reconciliation: true });
  expectSuccess(result);
  const differing = (await compareMarts(client, 'sound', ['fct_transactions.loaded_at'])).filter(
    (line) => !line.endsWith(' 0 + 0 differ'),
  );
  expect(differing.map((line) => line.replace(/:.*/, ''))).toEqual(['pipeline_health', 'set_aside_rows']);
  const { rows } = await client.query(
    `select stream, staging_row_count - coalesce(mart_row_count, 0) - set_aside_row_count as lost, set_aside_row_count,
       decided_row_count, set_aside_rules
     from marts.pipeline_health where set_aside_rules is not null order by stream`,
  );
  expect(rows).toEqual([
    {
      stream: 'transactions',
      lost: '0',
      set_aside_row_count: '8',
      decided_row_count: '5',
      set_aside_rules:
        'amount_missing 1 (key 9006), amount_negative 1 (key 9005), amount_no_number 1 (key 9007), ' +
        'created_at_in_future 2 (key 9001), created_at_missing 1 (key 9004), dated_before_sign_ups 1 (key 9003), ' +
        'fee_missing 5 (key 1), settled_at_in_future 1 (key 9002)',
    },
    {
      stream: 'user_activity',
      lost: '867', // It has no mart of its own grain.
      set_aside_row_count: '2',
      decided_row_count: '0',
      set_aside_rules: 'dated_before_sign_ups 1 (key 9010), occurred_at_in_future 1 (key 9009)',
    },
  ]);
  expect(result.stdout).toContain(
    'transactions: created_at_in_future in 2 rows, set aside, keys 9001, 9008 (marts.set_aside_rows)',
  );
});

const NAMED = new RegExp(
  '^users created_at_implausible 3 date ignored, users created_at_implausible 4 date ignored' +
    '(, wallets (created_at_implausible \\d+ date ignored|balance_missing \\d+ read as zero)){3}$',
);

describe('with dates of customers that cannot be, a side without a wallet and a currency without a rate', () => {
  let result: CommandResult;

  beforeAll(async () => {
    await client.query(`
    update raw.users set created_at = '1970-01-01Z', _loaded_at = '2026-06-03Z' where id = 3;
    update raw.users set created_at = '2097-01-01Z', _loaded_at = '2026-06-03Z' where id = 4;
    update raw.wallets set created_at = '2097-01-01Z', _loaded_at = '2026-06-03Z' where user_id = 4;
    update raw.wallets set balance = null, _loaded_at = '2026-06-03Z' where user_id = 5;
    update raw.transactions set source_wallet_id = null, _loaded_at = '2026-06-03Z' where id = 9;
    update raw.transactions set currency = 'XTS', _loaded_at = '2026-06-03Z' where id in (11, 22)`);
    // The sink has migrated since the builds before, which had none of its tables.
    await migrateSinkSchema(client);
    await client.query(`
    insert into sink.audits (audit_id, stream, table_name, started_at, finished_at, equal, rows, missing, extra, different,
      in_flight, nulled, keys_only, sample_percent)
    select md5(n::text)::uuid, 'public.users', 'raw.users', at, at, found = 0, 40, found, 0, 0, 0, 0, keys, sample
    from (values (1, timestamptz '2026-06-01 01:00Z', 0, false, null::numeric), (2, '2026-06-02 01:00Z', 0, true, null),
      (3, '2026-06-03 01:00Z', 0, false, 5), (4, '2026-06-04 01:00Z', 2, false, null)) as run(n, at, found, keys, sample)`);
    result = await dbt.run(['build', '--exclude', 'test_type:unit']);
  });

  test('the last proof is an audit of all rows and columns that found nothing; a newer one shows what it found', async () => {
    const { rows } = await client.query(
      `select stream, latest_audit_at, latest_audit_finding_count, latest_proof_at from marts.pipeline_health
       where stream in ('users', 'wallets') order by stream`,
    );
    expect(rows).toEqual([
      {
        stream: 'users',
        latest_audit_at: new Date('2026-06-04T01:00:00Z'),
        latest_audit_finding_count: '2',
        latest_proof_at: new Date('2026-06-01T01:00:00Z'),
      },
      { stream: 'wallets', latest_audit_at: null, latest_audit_finding_count: null, latest_proof_at: null },
    ]);
  });

  test('customers and wallets stay, without the date, and the calendar does not follow it', async () => {
    const { rows } = await client.query(`
    select
      (select min(date_day)::text || ' ' || max(date_day)::text from marts.dim_dates) as calendar,
      (select count(*)::int from marts.dim_users where signed_up_at is null) as users_without_date,
      (select count(*)::int from marts.dim_users) as users,
      (select count(*)::int from marts.wallet_balances_daily b join marts.dim_wallets w using (wallet_id)
       where w.opened_at is null and b.balance_date = (select max(date_day) from marts.dim_dates)) as balances_without_date,
      (select balance::text from marts.dim_wallets where user_id = 5) as missing_balance,
      (select string_agg(stream || ' ' || rule || ' ' || row_key || ' ' || decision, ', ' order by stream, row_key)
       from marts.set_aside_rows where stream in ('users', 'wallets')) as named`);
    expect(rows).toEqual([
      {
        calendar: '2026-01-01 2026-05-30',
        users_without_date: 2,
        users: 40,
        balances_without_date: 2,
        missing_balance: '0.0000',
        named: expect.stringMatching(NAMED) as string,
      },
    ]);
  });

  test('double entry that does not balance is an error, and neither it nor the missing rate skips a mart', () => {
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(
      /double entry of [A-Z]{3} is off by [\d.]+: a completed transaction lacks a wallet on one side/,
    );
    expect(result.stdout).toMatch(
      /no rate of unmapped on or before 2026-\d\d-\d\d, for 2 transactions; add it to the exchange_rates seed/,
    );
    expect(result.stdout).toMatch(/Failure in test assert_double_entry_balances /);
    expect(result.stdout).toMatch(/Done\. PASS=\d+ WARN=\d+ ERROR=\d+ SKIP=0 /);
  });
});
