import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import { PROJECT_ROOT } from '../../support/command';

const STREAMS = ['currencies', 'users', 'merchants', 'wallets', 'transactions', 'user_activity'] as const;

/**
 * A small e-wallet in schema `wallet`, by arithmetic instead of chance: 40 customers and 6 merchants in four currencies trade
 * 900 times over 90 days, in every type and status, with balances that equal their movements.
 */
export async function createWallet(client: Client): Promise<void> {
  const ddl = await readFile(path.join(PROJECT_ROOT, 'tools/demo/wallet.sql'), 'utf8');
  await client.query('create schema wallet; set search_path = wallet');
  await client.query(ddl);
  await client.query(`
    insert into currencies (code, name, scale, updated_at)
    select code, code, scale, '2026-01-01Z'
    from (values ('IDR', 0), ('PHP', 2), ('VND', 0), ('USD', 2)) as c (code, scale);

    insert into users (public_id, full_name, email, phone, country, date_of_birth, kyc_tier, kyc_verified_at, referred_by,
      created_at, updated_at)
    select
      md5('user ' || i)::uuid, 'Person ' || i, 'Person' || i || '@example.com', '+62 811 ' || i,
      (array['ID', 'PH', 'VN', 'US'])[1 + i % 4], date '1960-01-01' + i * 400, i % 4,
      case when i % 4 >= 2 then timestamptz '2026-01-02Z' + i * interval '2 days' end,
      case when i % 7 = 0 then i - 6 end,
      timestamptz '2026-01-01Z' + i * interval '2 days', timestamptz '2026-01-01Z' + i * interval '2 days'
    from generate_series(1, 40) as i;

    insert into merchants (name, category, country, city, fee_rate, tags, created_at, updated_at)
    select 'Shop ' || i, (array['groceries', 'food', 'transport'])[1 + i % 3], 'ID', 'Jakarta', 0.0150, array['b' || i, 'a'],
      '2026-01-01Z', '2026-01-01Z'
    from generate_series(1, 6) as i;

    insert into wallets (kind, user_id, merchant_id, currency, created_at, updated_at)
    select kind, null::bigint, null::bigint, code, timestamptz '2026-01-01Z', timestamptz '2026-01-01Z'
    from currencies cross join unnest(array['float', 'fee']) as kind
    union all
    select 'merchant', null, id, code, created_at, created_at from merchants cross join currencies
    union all
    select 'customer', id, null, (array['IDR', 'PHP', 'VND', 'USD'])[1 + id % 4], created_at, created_at from users
    union all
    select 'customer', id, null, 'USD', created_at, created_at from users where id % 4 = 0;
  `);
  await trade(client, { from: 1, to: 900, start: '2026-03-01Z' });
  await client.query(`
    insert into user_activity (user_id, event, session_id, device, ip, country, occurred_at)
    select
      1 + (i * i) % 40, (array['login', 'app_open', 'pin_failed', 'profile_viewed', 'support_contacted'])[1 + i % 5],
      md5('session ' || i / 3)::uuid, 'ios', '10.0.0.1', 'ID', timestamptz '2026-03-01Z' + i * interval '150 minutes'
    from generate_series(1, 860) as i;
    insert into user_activity (user_id, event, session_id, device, occurred_at)
    select 5, 'pin_failed', md5('burst')::uuid, 'web', timestamptz '2026-03-20Z' + i * interval '1 minute'
    from generate_series(1, 7) as i;
  `);
  await settleBalances(client);
}

/** Adds transactions number `from` to `to`, one about every 2.4 hours from `start` on, and a velocity burst among them. */
export async function trade(client: Client, { from, to, start }: { from: number; to: number; start: string }) {
  await client.query(
    `
    with numbered as (
      select i, 1 + (i * i * 7) % 40 as user_number, 1 + (i * 13) % 40 as other_number, 1 + i % 6 as merchant_number,
        case
          when i % 10 in (0, 1) then 'top_up' when i % 10 in (2, 3) then 'transfer'
          when i % 10 = 4 then 'withdrawal' when i % 10 = 5 and i % 3 = 0 then 'refund' else 'payment'
        end as type,
        case when i % 11 = 0 then 'failed' when i % 53 = 0 then 'pending' else 'completed' end as status,
        $3::timestamptz
          + case when i % 100 between 40 and 52 then (i - i % 100 + 40) * interval '144 minutes' + i * interval '20 seconds'
            else i * interval '144 minutes' end as created_at
      from generate_series($1::int, $2::int) as i
    )
    insert into transactions (type, status, source_wallet_id, destination_wallet_id, refund_of_id, currency, amount, fee, channel,
      failure_reason, created_at, settled_at, updated_at)
    select
      n.type, n.status,
      case n.type when 'top_up' then float.id when 'refund' then shop.id else own.id end,
      case n.type when 'top_up' then own.id when 'refund' then own.id when 'withdrawal' then float.id
        when 'payment' then shop.id else coalesce(other.id, shop.id) end,
      null, own.currency,
      case when currencies.scale = 0 then 1000 + (n.i * 7919) % 500000 else round(1 + (n.i * 7919 % 20000) / 100.0, 2) end,
      case when n.type in ('withdrawal', 'transfer') then case when currencies.scale = 0 then 500 else 0.25 end else 0 end,
      (array['app', 'web', 'qr', 'agent', 'bank_transfer', 'card', 'api'])[1 + n.i % 7],
      case when n.status = 'failed' then (array['insufficient_funds', 'timeout'])[1 + n.i % 2] end,
      n.created_at, case when n.status <> 'pending' then n.created_at + (n.i % 90) * interval '1.5 seconds' end, n.created_at
    from numbered as n
    join wallets as own on own.user_id = n.user_number and own.currency = (array['IDR', 'PHP', 'VND', 'USD'])[1 + n.user_number % 4]
    join currencies on currencies.code = own.currency
    join wallets as float on float.kind = 'float' and float.currency = own.currency
    join wallets as shop on shop.merchant_id = n.merchant_number and shop.currency = own.currency
    left join wallets as other
      on other.currency = own.currency and other.user_id = n.other_number - n.other_number % 4 + n.user_number % 4
      and other.user_id <> own.user_id
    order by n.i
  `,
    [from, to, start],
  );
}

/** Sets every balance to the sum of its movements. Customers may overdraw here, which the reports must bear. */
export async function settleBalances(client: Client): Promise<void> {
  await client.query(`
    alter table wallets drop constraint if exists wallets_check2;
    update wallets set balance = coalesce((
      select sum(amount) from (
        select source_wallet_id as wallet_id, -amount - fee as amount from transactions where status = 'completed'
        union all
        select destination_wallet_id, amount from transactions where status = 'completed'
        union all
        select fee_wallet.id, fee from transactions
        join wallets as fee_wallet on fee_wallet.kind = 'fee' and fee_wallet.currency = transactions.currency
        where transactions.status = 'completed'
      ) as movements where movements.wallet_id = wallets.id
    ), 0)
  `);
}

/**
 * Brings schema `raw` up to date with schema `wallet`, as the sink would: rows that are new or differ are upserted with the
 * next offsets and the given load time, rows that are gone are deleted.
 */
export async function land(client: Client, loadedAt: string): Promise<void> {
  await client.query('create schema if not exists raw');
  for (const stream of STREAMS) {
    const key = stream === 'currencies' ? 'code' : 'id';
    const columns = await client.query<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
      [`wallet.${stream}`],
    );
    const names = columns.rows.map(({ name }) => `"${name}"`);
    const values = columns.rows.map(({ name, type }) => `${landed(`s."${name}"`, type)} as "${name}"`);
    const rows = `select ${values.join(', ')} from wallet.${stream} as s`;
    await client.query(`
      create table if not exists raw.${stream} as ${rows} limit 0;
      alter table raw.${stream}
        add column if not exists _kafka_topic text, add column if not exists _kafka_partition integer,
        add column if not exists _kafka_offset bigint, add column if not exists _schema_id integer,
        add column if not exists _airbyte_extracted_at timestamptz, add column if not exists _airbyte_meta jsonb,
        add column if not exists _airbyte_generation_id bigint, add column if not exists _loaded_at timestamptz;
      create unique index if not exists ${stream}_key on raw.${stream} ("${key}");
      delete from raw.${stream} as r where not exists (select 1 from wallet.${stream} as s where s."${key}"::text = r."${key}"::text);
      insert into raw.${stream} (${names.join(', ')}, _kafka_topic, _kafka_partition, _kafka_offset, _schema_id,
        _airbyte_extracted_at, _airbyte_meta, _airbyte_generation_id, _loaded_at)
      select fresh.*, 'public.${stream}', 0,
        (select coalesce(max(_kafka_offset), -1) from raw.${stream}) + row_number() over (order by fresh."${key}"), 1,
        timestamptz '${loadedAt}' - interval '5 seconds', '{}', 0, '${loadedAt}'
      from (${rows}) as fresh
      where not exists (
        select 1 from raw.${stream} as r
        where r."${key}" = fresh."${key}" and (${names.map((name) => `r.${name}`).join(', ')})
          is not distinct from (${names.map((name) => `fresh.${name}`).join(', ')})
      )
      on conflict ("${key}") do update set
        (${names.join(', ')}, _kafka_offset, _airbyte_extracted_at, _loaded_at) =
        (${names.map((name) => `excluded.${name}`).join(', ')}, excluded._kafka_offset, excluded._airbyte_extracted_at,
          excluded._loaded_at)
    `);
  }
}

/** Lands the wallet's own totals, by the query that users are given. */
export async function landControlTotals(client: Client): Promise<void> {
  const query = await readFile(path.join(PROJECT_ROOT, 'dbt', 'examples', 'control-totals.sql'), 'utf8');
  await client.query(`set search_path = wallet; create table raw.control_totals as ${query}; reset search_path`);
}

/** A value as the pipeline's type table lands it. */
function landed(expression: string, type: string): string {
  if (type.endsWith('[]')) return `to_jsonb(${expression})`;
  if (type === 'smallint') return `${expression}::integer`;
  if (type === 'inet') return `host(${expression})`;
  return type.startsWith('character') ? `${expression}::text` : expression;
}

/** The bank's statement of the last day: in each currency what is owed to customers and merchants, but 5 pesos short. */
export async function landBankBalances(client: Client, schema: 'raw' | 'wallet'): Promise<void> {
  await client.query(`
    create table ${schema}.bank_balances as
    select 'trust' as account, currency, (
        select max(at at time zone 'UTC')::date
        from (select greatest(created_at, settled_at) as at from wallet.transactions union all select occurred_at from wallet.user_activity) as times
      ) as balance_date, sum(balance) - case currency when 'PHP' then 5 else 0 end as balance, now() as reported_at
    from wallet.wallets where kind in ('customer', 'merchant', 'agent') group by currency
  `);
}

/** Targets of two months, one of them set again, and of months before and after the data. */
export async function landTargets(client: Client, schema: 'raw' | 'wallet'): Promise<void> {
  await client.query(`
    create table ${schema}.targets as
    select month_start, metric, target::numeric, set_at from (values
      (date '2026-03-01', 'payment_volume', 900, timestamptz '2026-02-01Z'), ('2026-03-01', 'payment_volume', 1000, '2026-02-20Z'),
      ('2026-03-01', 'fees', 2, '2026-02-01Z'), ('2026-03-01', 'active_customers', 12, '2026-02-01Z'),
      ('2026-04-15', 'new_customers', 3, '2026-02-01Z'), ('2026-04-01', 'sign_ups', 5, '2026-02-01Z'),
      ('2020-01-01', 'fees', 2, '2026-02-01Z'), ('2030-01-01', 'fees', 2, '2026-02-01Z')
    ) as targets (month_start, metric, target, set_at)`);
}

/** Bills of two months in pesos, one of them corrected by a later report; rupiahs have one, the other currencies none. */
export async function landPaymentCosts(client: Client): Promise<void> {
  await client.query(`
    create table raw.payment_costs as
    select * from (values
      ('bank 3', date '2026-03-31', 'PHP', 'funding', 1.25, timestamptz '2026-06-01Z'),
      ('bank 4', '2026-04-30', 'PHP', 'funding', 2.5, '2026-06-01Z'), ('bank 4', '2026-04-30', 'PHP', 'funding', 99, '2026-05-02Z'),
      ('agents 4', '2026-04-12', 'PHP', 'agent_commission', 0.75, '2026-06-01Z'),
      ('agents 3', '2026-03-31', 'IDR', 'agent_commission', 700, '2026-06-01Z')
    ) as bills (reference, cost_date, currency, kind, amount, reported_at)`);
}
