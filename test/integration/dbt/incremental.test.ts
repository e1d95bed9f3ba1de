import { Client } from 'pg';
import { freshDatabase, type FreshDatabase } from '../../support/fresh-database';
import { services } from '../../support/services';
import { compareMarts, setAside } from './compare-marts';
import { plantAgents } from './oracles';
import { dbtOn, expectSuccess, SEEDS_AND_MODELS } from './run-dbt';
import { createWallet, land, landBankBalances, landTargets, settleBalances, trade } from './wallet-data';

jest.setTimeout(600_000);

let database: FreshDatabase;
let client: Client;

beforeAll(async () => {
  database = await freshDatabase((await services()).warehouse, 'dbt');
  client = new Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const same = (lines: readonly string[]) => lines.map((line) => line.replace(/\d+ \+ \d+ differ$/, '0 + 0 differ'));

test('after late, changed, moved, deleted and re-delivered rows every mart equals a full refresh, by either road', async () => {
  const dbt = await dbtOn(database);
  await createWallet(client);

  // The first load lacks one customer's wallet, which the transactions topic has overtaken.
  await land(client, '2026-06-08T00:00:00Z');
  for (const schema of ['raw', 'wallet'] as const) {
    await landBankBalances(client, schema);
    await landTargets(client, schema);
  }
  // Every version of each wallet, as a second sink lands them.
  await client.query(`create schema history;
    create table history.wallets as
    select id, currency, balance - 1 as balance, 1::numeric as _ab_cdc_lsn, created_at as _ab_cdc_updated_at,
      null::timestamptz as _ab_cdc_deleted_at from wallets
    union all select id, currency, balance, 2, created_at + interval '1 hour', null from wallets`);
  await client.query(`create temp table overtaken as select * from raw.wallets where user_id = 8;
    delete from raw.wallets where user_id = 8`);
  expectSuccess(await dbt.run(SEEDS_AND_MODELS));
  const orphans = await client.query<{ some: boolean }>(
    'select count(*) > 0 as some from marts.fct_transactions where source_wallet_kind is null',
  );
  expect(orphans.rows).toEqual([{ some: true }]);

  // Second load: what a busy wallet sends.
  await client.query('insert into raw.wallets select * from overtaken');
  await client.query(`update raw.wallets set _loaded_at = '2026-06-08T01:00:00Z' where user_id = 8`);
  await trade(client, { from: 901, to: 960, start: '2026-03-01Z' }); // new days
  await trade(client, { from: 961, to: 965, start: '2025-12-01Z' }); // weeks late
  await plantAgents(client); // on days that are there already
  await client.query(`
    update transactions set status = 'completed', settled_at = created_at + interval '26 hours' where id in (53, 106);
    update transactions set created_at = created_at + interval '9 days', settled_at = settled_at + interval '9 days' where id = 200;
    update transactions set amount = amount * 2 where id in (301, 302);
    update transactions set type = 'payment', status = 'failed', failure_reason = 'timeout' where id = 306;
    delete from transactions where id in (400, 401);
    delete from transactions where (created_at at time zone 'UTC')::date = date '2026-04-10';
    update merchants set category = 'health', updated_at = now() where id = 2;
    update users set kyc_tier = 3, kyc_verified_at = '2026-05-01Z' where id = 4;
    delete from user_activity where id in (10, 11) or (occurred_at at time zone 'UTC')::date = date '2026-04-02';
    update user_activity set occurred_at = occurred_at + interval '3 days' where id = 30;
    update user_activity set occurred_at = '1970-01-01Z' where id = 31; -- set aside: before any sign-up
    insert into user_activity (user_id, event, session_id, device, occurred_at)
    values (9, 'login', md5('late')::uuid, 'web', '2026-03-03T10:00:00Z');
  `);
  await settleBalances(client);
  await land(client, '2026-06-08T01:00:00Z');
  // A transaction that began before the newest one committed after it, and a record that was delivered again.
  await client.query(`
    update raw.transactions set _loaded_at = '2026-06-08T00:55:00Z' where id = 961;
    update raw.transactions set _loaded_at = '2026-06-08T01:00:00Z', _kafka_offset = _kafka_offset + 100000 where id = 7;
  `);
  expectSuccess(await dbt.run(['run']));

  // A payment settles, on the next day, while a run is under way: after the change log is written and before the rest is.
  await client.query('update transactions set channel = $1 where id = 159', ['web']);
  await land(client, '2026-06-08T02:00:00Z');
  expectSuccess(await dbt.run(['run', '--select', 'int_transaction_changes']));
  await client.query(
    `update transactions set status = 'completed', settled_at = created_at + interval '26 hours' where id = 159`,
  );
  await settleBalances(client);
  await land(client, '2026-06-08T02:01:00Z');
  expectSuccess(await dbt.run(['run', '--exclude', 'int_transaction_changes']));
  expectSuccess(await dbt.run(['run']));
  const unreconciled = await client.query('select * from marts.reconciliation where not is_reconciled');
  expect(unreconciled.rows).toEqual([]);

  // Third load: soft deletes begin, a rate is corrected after the fact, a new customer arrives.
  await client.query(`
    insert into users (public_id, full_name, email, phone, country, created_at, updated_at)
    values (md5('new')::uuid, 'New', 'new@example.com', '+1', 'US', '2026-06-05Z', '2026-06-05Z');
    insert into wallets (kind, user_id, currency, created_at, updated_at)
    select 'customer', max(id), 'USD', '2026-06-05Z', '2026-06-05Z' from users;
    insert into transactions (type, status, source_wallet_id, destination_wallet_id, currency, amount, channel, created_at, settled_at)
    select 'top_up', 'completed', f.id, w.id, 'USD', 950, 'card', timestamptz '2026-06-05Z' + i * interval '1 hour',
      timestamptz '2026-06-05T00:00:03Z' + i * interval '1 hour'
    from generate_series(1, 3) as i, wallets as f, wallets as w
    where f.kind = 'float' and f.currency = 'USD' and w.user_id = (select max(id) from users);
    insert into transactions (type, status, source_wallet_id, destination_wallet_id, currency, amount, channel, created_at, settled_at)
    select 'withdrawal', 'completed', w.id, f.id, 'USD', 940, 'agent', '2026-06-05T03:05:00Z', '2026-06-05T03:06:00Z'
    from wallets as f, wallets as w
    where f.kind = 'float' and f.currency = 'USD' and w.user_id = (select max(id) from users);
  `);
  await settleBalances(client);
  await land(client, '2026-06-09T00:00:00Z');
  await client.query(`
    alter table raw.transactions add column _ab_cdc_deleted_at timestamptz;
    update raw.transactions set _ab_cdc_deleted_at = '2026-06-05Z', _loaded_at = '2026-06-09T00:00:00Z' where id in (77, 78);
    insert into staging.exchange_rates (currency, valid_from, rate_to_usd) values ('PHP', '2026-05-10', 0.02);
    update staging.exchange_rates set rate_to_usd = 0.00007 where currency = 'IDR' and valid_from = '2026-03-01';
  `);
  expectSuccess(await dbt.run(['run']));
  const incremental = await client.query<{ n: number }>(
    `select count(distinct changed_at)::int as n from intermediate.int_transaction_changes`,
  );
  expect(incremental.rows).toEqual([{ n: 4 }]); // Four batches: the runs really were incremental.

  await setAside(client, 'incremental');
  expectSuccess(await dbt.run(['run']));
  const refreshed = await compareMarts(client, 'incremental');
  expect(refreshed).toEqual(same(refreshed));
  expect(refreshed).toHaveLength(39);
  expect(refreshed.filter((line) => line.includes(': 0 rows'))).toEqual([]); // Nothing agrees by being empty.

  // The other road: the wallet's own tables, replicated as they are.
  await client.query('delete from wallet.transactions where id in (77, 78)');
  await setAside(client, 'kafka');
  expectSuccess(await dbt.run(['run'], { ewallet_ingestion: 'replica' }));
  const replicated = await compareMarts(client, 'kafka', [
    'fct_transactions.loaded_at',
    'reconciliation.checked_at',
    'set_aside_rows.loaded_at',
    ...[
      'raw_row_count',
      'latest_extracted_at',
      'latest_loaded_at',
      'average_load_delay_seconds',
      'freshness_status',
    ].map((column) => `pipeline_health.${column}`),
  ]);
  expect(replicated).toEqual(same(replicated));
});
