import type { Client } from 'pg';

/** A figure of a mart and the same figure by plain SQL over the wallet's own tables: both answers have to be the same rows. */
export interface Oracle {
  readonly fact: string;
  readonly mart: string;
  readonly wallet: string;
}

/**
 * Views over the e-wallet's tables (schema `wallet`) that the oracles share, in a schema of their own. `day` is the UTC day, as
 * the reporting time zone is UTC here. The rates are the seed's, which are given and not computed.
 */
export const ORACLE_VIEWS = `
  create schema oracle;
  create view oracle.rates as
    select currency, valid_from, rate_to_usd,
      coalesce(lead(valid_from) over (partition by currency order by valid_from), 'infinity') as valid_until
    from staging.exchange_rates;
  create view oracle.trade as
    select t.*, (t.created_at at time zone 'UTC')::date as day, (t.settled_at at time zone 'UTC')::date as settled_day,
      (t.amount * r.rate_to_usd)::numeric(38, 6) as usd, (t.fee * r.rate_to_usd)::numeric(38, 6) as fee_usd,
      case when t.type in ('top_up', 'refund') then coalesce(d.user_id, s.user_id)
        else coalesce(s.user_id, d.user_id) end as customer,
      coalesce(d.merchant_id, s.merchant_id) as shop, s.user_id as payer, d.user_id as payee
    from wallet.transactions as t
    join wallet.wallets as s on s.id = t.source_wallet_id
    join wallet.wallets as d on d.id = t.destination_wallet_id
    join oracle.rates as r on r.currency = t.currency
      and (t.created_at at time zone 'UTC')::date >= r.valid_from and (t.created_at at time zone 'UTC')::date < r.valid_until;
  create view oracle.events as
    select *, (occurred_at at time zone 'UTC')::date as day from wallet.user_activity;
  create view oracle.active as
    select customer as user_id, day, bool_or(status = 'completed') as is_transacting
    from (select customer, day, status from oracle.trade where customer is not null
      union all select user_id, day, null from oracle.events) as doings
    group by customer, day;
  create view oracle.last_day as
    select greatest((select max(greatest(day, settled_day)) from oracle.trade), (select max(day) from oracle.events)) as day;
  create view oracle.movements as
    select source_wallet_id as wallet_id, -amount as amount, currency, settled_day from oracle.trade where status = 'completed'
    union all
    select source_wallet_id, -fee, currency, settled_day from oracle.trade where status = 'completed' and fee > 0
    union all
    select destination_wallet_id, amount, currency, settled_day from oracle.trade where status = 'completed'
    union all
    select w.id, t.fee, t.currency, t.settled_day from oracle.trade as t
    join wallet.wallets as w on w.kind = 'fee' and w.currency = t.currency where t.status = 'completed' and t.fee > 0;
`;

/** Who trades, in one currency; after how many minutes; what; how much. Pesos have two decimals, rupiahs none. */
const PLANTED: readonly (readonly [user: number, currency: string, minutes: number, type: string, amount: number])[] = [
  // Just below 500,000 pesos: three over midnight, two, three of which no three are within a day, and one in either currency.
  [5, 'PHP', 1320, 'top_up', 460_000],
  [5, 'PHP', 1410, 'top_up', 499_999.99],
  [5, 'PHP', 1500, 'withdrawal', 450_000],
  [9, 'PHP', 600, 'top_up', 460_000],
  [9, 'PHP', 700, 'top_up', 460_000],
  [9, 'PHP', 800, 'top_up', 500_000],
  [9, 'PHP', 801, 'top_up', 449_999.99],
  [13, 'PHP', 0, 'top_up', 460_000],
  [13, 'PHP', 800, 'top_up', 460_000],
  [13, 'PHP', 1441, 'top_up', 460_000],
  // In and out: most of it, ten times as much, too late, and too little.
  [17, 'PHP', 0, 'top_up', 20_000],
  [17, 'PHP', 29, 'withdrawal', 18_000],
  [21, 'PHP', 0, 'top_up', 20_000],
  [21, 'PHP', 10, 'withdrawal', 200_000],
  [25, 'PHP', 0, 'top_up', 20_000],
  [25, 'PHP', 31, 'withdrawal', 20_000],
  [29, 'PHP', 0, 'top_up', 20_000],
  [29, 'PHP', 10, 'withdrawal', 17_000],
  // Eight payments within ten minutes, and seven.
  ...Array.from({ length: 8 }, (_, index) => [8, 'IDR', 600 + index, 'payment', 5000] as const),
  ...Array.from({ length: 7 }, (_, index) => [12, 'IDR', 600 + index, 'payment', 5000] as const),
];

/** Adds what risk signals are raised for, and what they just are not. Balances have to be settled after it. */
export async function plantRisk(client: Client): Promise<void> {
  await client.query(
    `insert into wallet.transactions (type, status, source_wallet_id, destination_wallet_id, currency, amount, channel, created_at,
      settled_at, updated_at)
    select type, 'completed', case type when 'top_up' then float.id else own.id end,
      case type when 'top_up' then own.id when 'withdrawal' then float.id else shop.id end, p.currency, p.amount, 'app',
      at, at, at
    from jsonb_to_recordset($1) as p (user_id bigint, currency text, minutes integer, type text, amount numeric)
    cross join lateral (select timestamptz '2026-04-10Z' + p.minutes * interval '1 minute' as at) as times
    join wallet.wallets as own on own.user_id = p.user_id and own.currency = p.currency
    join wallet.wallets as float on float.kind = 'float' and float.currency = p.currency
    join wallet.wallets as shop on shop.merchant_id = 1 and shop.currency = p.currency`,
    [
      JSON.stringify(
        PLANTED.map(([user_id, currency, minutes, type, amount]) => ({ user_id, currency, minutes, type, amount })),
      ),
    ],
  );
  await client.query(`update wallet.users set status = 'suspended' where id in (5, 8, 30)`);
}

/** Adds two agents in pesos with a float of their own, whom customers bring cash and take cash from through May. */
export async function plantAgents(client: Client): Promise<void> {
  await client.query(`
    insert into wallet.wallets (kind, currency, created_at, updated_at)
    select 'agent', 'PHP', timestamptz '2026-01-01Z', timestamptz '2026-01-01Z' from generate_series(1, 2);
    insert into wallet.transactions (type, status, source_wallet_id, destination_wallet_id, currency, amount, channel, failure_reason,
      created_at, settled_at, updated_at)
    select case what when 'out' then 'withdrawal' else 'top_up' end, case when i % 7 = 3 then 'failed' else 'completed' end,
      case what when 'in' then agent.id when 'out' then own.id else float.id end,
      case what when 'in' then own.id else agent.id end, 'PHP', case what when 'fill' then 4000 else 500 + i * 37 % 400 end, 'agent',
      case when i % 7 = 3 then 'insufficient_funds' end, at, at, at
    from generate_series(1, 60) as i
    cross join lateral (select timestamptz '2026-04-29Z' + i * interval '13 hours' as at,
      case when i % 10 < 2 then 'fill' when i % 3 = 0 then 'out' else 'in' end as what) as each
    join (select id, row_number() over (order by id) - 1 as n from wallet.wallets where kind = 'agent') as agent on agent.n = i % 2
    join wallet.wallets as own on own.user_id = 1 + 4 * (i % 5) and own.currency = 'PHP'
    join wallet.wallets as float on float.kind = 'float' and float.currency = 'PHP'`);
}

/** A run of events of one customer within a time, as a person would look for it: every event with all after it. */
const burst = (events: string, count: number, minutes: number): string => `
  select a.user_id, min(a.at) as first from (${events}) as a
  where (select count(*) from (${events}) as b where b.user_id = a.user_id
    and b.at between a.at and a.at + interval '${minutes} minutes') >= ${count} group by a.user_id`;

export const ORACLES: readonly Oracle[] = [
  {
    fact: 'by day of the week, a day averages its trade over the days of that name since trade began',
    mart: `select iso_day_of_week as dow, max(days_observed)::int as days, sum(transaction_count)::int as n,
        round(sum(transaction_count) / max(days_observed), 3) as average
      from marts.hour_of_week_heatmap group by 1 order by 1`,
    wallet: `with days as (
        select d::date as day from generate_series(
          (select min(day) from oracle.trade where status = 'completed'), (select day from oracle.last_day), interval '1 day') as d
      )
      select extract(isodow from days.day)::int as dow, count(distinct days.day)::int as days, count(t.id)::int as n,
        round(count(t.id)::numeric / count(distinct days.day), 3) as average
      from days left join oracle.trade as t on t.day = days.day and t.status = 'completed' group by 1 order by 1`,
  },
  {
    fact: 'retention is the share of a month of sign-ups that was active, and null before anybody was',
    mart: `select cohort_month, activity_month, cohort_users::int as users, active_users::int as active, retention_rate
      from marts.retention_cohorts order by 1, 2`,
    wallet: `with cohorts as (
        select id, date_trunc('month', created_at at time zone 'UTC')::date as cohort_month from wallet.users
      ), months as (
        select m::date as activity_month from generate_series((select min(cohort_month) from cohorts),
          (select day from oracle.last_day), interval '1 month') as m
      )
      select c.cohort_month, m.activity_month, count(distinct c.id)::int as users, count(distinct a.user_id)::int as active,
        case when m.activity_month >= (select date_trunc('month', min(day)) from oracle.active)
          then round(count(distinct a.user_id)::numeric / count(distinct c.id), 6) end as retention_rate
      from cohorts as c join months as m on m.activity_month >= c.cohort_month
      left join oracle.active as a on a.user_id = c.id and date_trunc('month', a.day) = m.activity_month
      group by 1, 2 order by 1, 2`,
  },
  {
    fact: 'each top-up or transfer of 100 or more that leaves its wallet within half an hour is one signal of it',
    mart: `select user_id::int as customer, window_start, amount, event_count::int as n from marts.risk_signals
      where signal_type = 'rapid_in_out' order by 1, 2, 3`,
    wallet: `select i.payee::int as customer, i.settled_at as window_start, i.amount, count(*)::int + 1 as n
      from oracle.trade as i
      join oracle.trade as o on o.source_wallet_id = i.destination_wallet_id and o.status = 'completed'
        and o.type in ('transfer', 'withdrawal') and o.payer is distinct from o.payee
        and o.settled_at > i.settled_at and o.settled_at <= i.settled_at + interval '30 minutes'
      where i.status = 'completed' and i.type in ('top_up', 'transfer') and i.payee is not null
        and i.payer is distinct from i.payee and i.usd >= 100
      group by i.id, i.payee, i.settled_at, i.amount having sum(o.amount + o.fee) >= 0.9 * i.amount order by 1, 2, 3`,
  },
  {
    fact: 'customers with three amounts of a currency just below its threshold within a day have a signal, over midnight too',
    mart: `select user_id || ' ' || currency as subject, min(window_start) as first from marts.risk_signals
      where signal_type = 'structuring' group by 1 order by 1`,
    wallet: `select user_id as subject, first from (${burst(
      `select customer || ' ' || currency as user_id, created_at as at from oracle.trade
        where customer is not null and status = 'completed' and type in ('top_up', 'transfer', 'withdrawal')
          and amount >= 0.9 * (case currency when 'PHP' then 500000 when 'IDR' then 100000000 end)
          and amount < case currency when 'PHP' then 500000 when 'IDR' then 100000000 end`,
      3,
      1440,
    )}) as found order by 1`,
  },
  {
    fact: 'no signal says that more than all of what came in left again',
    mart: `select coalesce(max(substring(explanation from '^[0-9]+')::int) <= 100, true) as capped from marts.risk_signals
      where signal_type = 'rapid_in_out'`,
    wallet: 'select true as capped',
  },
  {
    fact: 'customers with eight attempts within ten minutes have a velocity signal',
    mart: `select user_id::int as user_id, min(window_start) as first from marts.risk_signals where signal_type = 'velocity' group by 1 order by 1`,
    wallet: `select user_id::int as user_id, first from (${burst(`select customer as user_id, created_at as at from oracle.trade where customer is not null and status <> 'pending'`, 8, 10)}) as found order by 1`,
  },
  {
    fact: 'customers with five wrong PINs within a quarter of an hour have a signal',
    mart: `select user_id::int as user_id, min(window_start) as first from marts.risk_signals where signal_type = 'pin_failed_burst' group by 1 order by 1`,
    wallet: `select user_id::int as user_id, first from (${burst(`select user_id, occurred_at as at from oracle.events where event = 'pin_failed'`, 5, 15)}) as found order by 1`,
  },
  {
    fact: 'a month of a merchant is its payments and refunds, its fee at its rate, and its customers',
    mart: `select merchant_id::int as shop, month_start as month, currency, payment_count::int as n, gross_amount::numeric(38, 4) as gross,
        refund_count::int as refunds, net_amount::numeric(38, 4) as net, merchant_fee_amount::numeric(38, 4) as fee,
        paying_users::int as customers from marts.merchant_performance order by 1, 2, 3`,
    wallet: `select shop::int, date_trunc('month', day)::date as month, t.currency,
        count(*) filter (where type = 'payment' and t.status = 'completed')::int as n,
        coalesce(sum(amount) filter (where type = 'payment' and t.status = 'completed'), 0)::numeric(38, 4) as gross,
        count(*) filter (where type = 'refund' and t.status = 'completed')::int as refunds,
        coalesce(sum(case type when 'payment' then amount else -amount end) filter (where t.status = 'completed'), 0)::numeric(38, 4) as net,
        round(coalesce(sum(amount) filter (where type = 'payment' and t.status = 'completed'), 0) * m.fee_rate, c.scale)::numeric(38, 4) as fee,
        count(distinct customer) filter (where type = 'payment' and t.status = 'completed')::int as customers
      from oracle.trade as t join wallet.merchants as m on m.id = t.shop join wallet.currencies as c on c.code = t.currency
      where (type = 'payment' and t.status in ('completed', 'failed')) or (type = 'refund' and t.status = 'completed')
      group by 1, 2, 3, m.fee_rate, c.scale order by 1, 2, 3`,
  },
  {
    fact: 'the float gap is what customers, merchants and fees hold less what the float owes',
    mart: `select currency, expected_value::numeric(38, 4) as held, actual_value::numeric(38, 4) as owed, difference::numeric(38, 4) as gap
      from marts.reconciliation where check_name = 'float_equals_liabilities' order by 1`,
    wallet: `select currency, sum(balance) filter (where kind <> 'float')::numeric(38, 4) as held,
        -sum(balance) filter (where kind = 'float')::numeric(38, 4) as owed, -sum(balance)::numeric(38, 4) as gap
      from wallet.wallets group by 1 order by 1`,
  },
  {
    fact: 'a day of a type, status and currency is its transactions, with their median and the day before',
    mart: `select transaction_date as day, transaction_type as type, transaction_status as status, currency, transaction_count::int as n,
        gross_amount::numeric(38, 4) as gross, fee_amount::numeric(38, 4) as fee, median_amount::numeric(38, 4) as median,
        gross_amount_reporting::numeric(38, 6) as usd, previous_day_transaction_count::int as day_before
      from marts.daily_transaction_summary order by 1, 2, 3, 4`,
    wallet: `select day, type, status, currency, count(*)::int as n, sum(amount)::numeric(38, 4) as gross, sum(fee)::numeric(38, 4) as fee,
        (percentile_cont(0.5) within group (order by amount))::numeric(38, 4) as median, sum(usd)::numeric(38, 6) as usd,
        (select count(*)::int from oracle.trade as b where b.day = t.day - 1 and (b.type, b.status, b.currency) = (t.type, t.status, t.currency)) as day_before
      from oracle.trade as t group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  },
  {
    fact: 'the fact has each transaction once, with its value at the rate of its day',
    mart: `select transaction_id::int as id, amount_reporting as usd, fee_amount_reporting as fee_usd, user_id::int as customer
      from marts.fct_transactions order by 1`,
    wallet: 'select id::int, usd, fee_usd, customer::int from oracle.trade order by 1',
  },
  {
    fact: 'an hour is what was made in it',
    mart: `select transaction_hour as hour, transaction_status as status, sum(transaction_count)::int as n, sum(gross_amount_reporting) as usd
      from marts.hourly_transaction_summary group by 1, 2 order by 1, 2`,
    wallet: `select date_trunc('hour', created_at, 'UTC') as hour, status, count(*)::int as n, sum(usd) as usd
      from oracle.trade group by 1, 2 order by 1, 2`,
  },
  {
    fact: 'a channel is what went through it, and what of it failed',
    mart: `select channel, sum(transaction_count)::int as n, sum(failed_count)::int as failed, sum(gross_amount_reporting) as usd
      from marts.daily_channel_summary group by 1 order by 1`,
    wallet: `select channel, count(*)::int as n, count(*) filter (where status = 'failed')::int as failed, sum(usd) as usd
      from oracle.trade group by 1 order by 1`,
  },
  {
    fact: 'active and transacting customers are counted once, by day, week and month',
    mart: `select activity_date as day, daily_active_users::int as d, weekly_active_users::int as w, monthly_active_users::int as m,
        monthly_transacting_users::int as t, new_users::int as new from marts.active_users order by 1`,
    wallet: `select d::date as day, count(distinct user_id) filter (where a.day = d)::int as d,
        count(distinct user_id) filter (where a.day > d - interval '7 days')::int as w, count(distinct user_id)::int as m,
        count(distinct user_id) filter (where is_transacting)::int as t,
        (select count(*)::int from wallet.users where (created_at at time zone 'UTC')::date = d) as new
      from generate_series((select min(date_day) from marts.dim_dates), (select day from oracle.last_day), interval '1 day') as d
      left join oracle.active as a on a.day > d - interval '30 days' and a.day <= d group by d order by 1`,
  },
  {
    fact: 'a step of the funnel is reached by who reached all before it',
    mart: `select step_name as step, sum(reached_users)::int as n from marts.activation_funnel group by 1 order by 1`,
    wallet: `with each as (
        select u.id, u.kyc_verified_at is not null as kyc,
          exists (select from oracle.trade as t where t.customer = u.id and type = 'top_up' and t.status = 'completed') as topped,
          (select count(*) from oracle.trade as t where t.customer = u.id and type = 'payment' and t.status = 'completed') as paid
        from wallet.users as u
      )
      select step, count(*) filter (where reached)::int as n from each cross join lateral (values
        ('signed_up', true), ('kyc_verified', kyc), ('first_top_up', kyc and topped),
        ('first_payment', kyc and topped and paid > 0), ('repeat_payment', kyc and topped and paid > 1)) as s (step, reached)
      group by 1 order by 1`,
  },
  {
    fact: 'a day of a category is its payments, refunds and customers',
    mart: `select transaction_date as day, merchant_category as category, currency, payment_count::int as n, net_amount::numeric(38, 4) as net,
        paying_users::int as customers from marts.category_spend order by 1, 2, 3`,
    wallet: `select day, m.category, t.currency, count(*) filter (where type = 'payment')::int as n,
        sum(case type when 'payment' then amount else -amount end)::numeric(38, 4) as net,
        count(distinct customer) filter (where type = 'payment')::int as customers
      from oracle.trade as t join wallet.merchants as m on m.id = t.shop
      where t.status = 'completed' and type in ('payment', 'refund') group by 1, 2, 3 order by 1, 2, 3`,
  },
  {
    fact: 'a reason fails what failed for it, of all that was tried',
    mart: `select failure_date as day, failure_reason as reason, transaction_type as type, channel, currency, failed_count::int as failed,
        attempted_count::int as tried from marts.failure_reasons order by 1, 2, 3, 4, 5`,
    wallet: `select day, failure_reason as reason, type, channel, currency, count(*)::int as failed,
        (select count(*)::int from oracle.trade as a where a.status <> 'pending'
          and (a.day, a.type, a.channel, a.currency) = (t.day, t.type, t.channel, t.currency)) as tried
      from oracle.trade as t where status = 'failed' group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`,
  },
  {
    fact: 'a pair of customers is what one sent the other, and whether anything came back',
    mart: `select sender_user_id::int as sender, receiver_user_id::int as receiver, currency, transfer_count::int as n,
        transfer_amount::numeric(38, 4) as amount, is_reciprocal as back, sender_out_degree::int as degree
      from marts.p2p_network order by 1, 2, 3`,
    wallet: `with sent as (select * from oracle.trade where type = 'transfer' and status = 'completed'
        and payer is not null and payee is not null and payer <> payee)
      select payer::int as sender, payee::int as receiver, currency, count(*)::int as n, sum(amount)::numeric(38, 4) as amount,
        exists (select from sent as b where b.payer = s.payee and b.payee = s.payer) as back,
        (select count(distinct b.payee)::int from sent as b where b.payer = s.payer) as degree
      from sent as s group by payer, payee, currency order by 1, 2, 3`,
  },
  {
    fact: 'a customer is what they did, first and last',
    mart: `select user_id::int as id, first_transaction_date as first, last_transaction_date as last, payment_count::int as payments,
        payment_amount_reporting as paid, top_up_count::int as top_ups, withdrawal_count::int as withdrawals, failed_count::int as failed,
        recency_days::int as days, is_dormant as dormant
      from marts.user_spending_patterns where last_transaction_date is not null order by 1`,
    wallet: `select customer::int as id, min(day) filter (where status = 'completed') as first,
        max(day) filter (where status = 'completed') as last,
        count(*) filter (where status = 'completed' and type = 'payment')::int as payments,
        coalesce(sum(usd) filter (where status = 'completed' and type = 'payment'), 0)::numeric(38, 6) as paid,
        count(*) filter (where status = 'completed' and type = 'top_up')::int as top_ups,
        count(*) filter (where status = 'completed' and type = 'withdrawal')::int as withdrawals,
        count(*) filter (where status = 'failed')::int as failed,
        (select day from oracle.last_day) - max(day) filter (where status = 'completed') as days,
        (select day from oracle.last_day) - max(day) filter (where status = 'completed') > 30 as dormant
      from oracle.trade where customer is not null group by customer
      having bool_or(status = 'completed') order by 1`,
  },
  {
    fact: 'a customer and day is their events and trade',
    mart: `select user_id::int as id, activity_date as day, event_count::int as events, session_count::int as sessions,
        transaction_count::int as n, is_transacting as transacting from marts.user_activity_daily order by 1, 2`,
    wallet: `select a.user_id::int as id, a.day,
        (select count(*)::int from oracle.events as e where e.user_id = a.user_id and e.day = a.day) as events,
        (select count(distinct session_id)::int from oracle.events as e where e.user_id = a.user_id and e.day = a.day) as sessions,
        (select count(*)::int from oracle.trade as t where t.customer = a.user_id and t.day = a.day) as n,
        coalesce(is_transacting, false) as transacting
      from oracle.active as a order by 1, 2`,
  },
  {
    fact: 'a wallet closes the last day with its balance',
    mart: `select wallet_id::int as id, closing_balance::numeric(38, 4) as balance from marts.wallet_balances_daily
      where balance_date = (select max(balance_date) from marts.wallet_balances_daily) order by 1`,
    wallet: 'select id::int, balance::numeric(38, 4) from wallet.wallets order by 1',
  },
  {
    fact: 'a wallet and day is what moved in and out on the day it settled',
    mart: `select wallet_id::int as id, movement_date as day, inflow_amount::numeric(38, 4) as inflow, outflow_amount::numeric(38, 4) as outflow
      from marts.daily_wallet_movements order by 1, 2`,
    wallet: `select wallet_id::int as id, settled_day as day, coalesce(sum(amount) filter (where amount > 0), 0)::numeric(38, 4) as inflow,
        -coalesce(sum(amount) filter (where amount < 0), 0)::numeric(38, 4) as outflow
      from oracle.movements group by 1, 2 order by 1, 2`,
  },
  {
    fact: 'every row that landed is in its mart, and none is set aside',
    mart: `select stream, mart_row_count::int as n, set_aside_row_count::int as aside from marts.pipeline_health
      where mart_row_count is not null order by 1`,
    wallet: `select * from (values
        ('currencies', (select count(*)::int from wallet.currencies), 0), ('merchants', (select count(*)::int from wallet.merchants), 0),
        ('transactions', (select count(*)::int from wallet.transactions), 0), ('users', (select count(*)::int from wallet.users), 0),
        ('wallets', (select count(*)::int from wallet.wallets), 0)) as t (stream, n, aside) order by 1`,
  },
  {
    fact: 'a month has the customers who came, stayed, came back and left, what each brought, and what payments kept',
    mart: `select month_start as month, active_users::int as active, new_users::int as new, retained_users::int as retained,
        reactivated_users::int as back, churned_users::int as gone, fee_amount_reporting as fees, payment_volume_reporting as volume,
        fees_per_active_user as each, take_rate as take
      from marts.customer_lifecycle_monthly order by 1`,
    wallet: `with months as (
        select m::date as month, (m - interval '1 month')::date as before from generate_series(
          (select date_trunc('month', min(day)) from oracle.active where is_transacting), (select day from oracle.last_day),
          interval '1 month') as m
      ), done as (
        select distinct user_id, date_trunc('month', day)::date as month from oracle.active where is_transacting
      ), counted as (
        select month, before, (select count(*)::int from done as d where d.month = m.month) as active,
          (select count(*)::int from done as d where d.month = m.month
            and not exists (select from done as e where e.user_id = d.user_id and e.month < m.month)) as new,
          (select count(*)::int from done as d where d.month = m.month
            and exists (select from done as e where e.user_id = d.user_id and e.month = m.before)) as retained,
          (select count(*)::int from done as d where d.month = m.before
            and not exists (select from done as e where e.user_id = d.user_id and e.month = m.month)) as gone
        from months as m
      ), money as (
        select date_trunc('month', day)::date as month, sum(fee_usd) as fees,
          sum(case type when 'payment' then usd when 'refund' then -usd else 0 end) as volume,
          sum(fee_usd) filter (where type in ('payment', 'refund')) as payment_fees
        from oracle.trade where status = 'completed' group by 1
      )
      select c.month, active, new, retained, active - new - retained as back, gone, fees::numeric(38, 6) as fees,
        volume::numeric(38, 6) as volume, round(fees / nullif(active, 0), 6) as each,
        round(payment_fees / nullif(volume, 0), 6) as take
      from counted as c left join money on money.month = c.month order by 1`,
  },
  {
    fact: 'a currency has its decimals and the newest rate on or before the last day',
    mart: `select currency, decimal_places::int as scale, round(latest_rate, 12) as rate, latest_rate_date as since,
        is_reporting_currency as reporting from marts.dim_currencies order by 1`,
    wallet: `select code as currency, scale::int, round(r.rate_to_usd, 12) as rate, r.valid_from as since, code = 'USD' as reporting
      from wallet.currencies as c left join oracle.rates as r on r.currency = c.code
        and (select day from oracle.last_day) >= r.valid_from and (select day from oracle.last_day) < r.valid_until order by 1`,
  },
  {
    fact: 'every day from the first thing that happened to the last is there once',
    mart: `select count(*)::int as n, count(distinct date_day)::int as days, min(date_day) as first, max(date_day) as last,
        count(*) filter (where is_weekend)::int as weekends from marts.dim_dates`,
    wallet: `with bounds as (
        select least((select min(day) from oracle.trade), (select min(day) from oracle.events),
          (select min((created_at at time zone 'UTC')::date) from wallet.users),
          (select min((created_at at time zone 'UTC')::date) from wallet.wallets)) as first, day as last from oracle.last_day
      )
      select (last - first + 1)::int as n, (last - first + 1)::int as days, first, last,
        (select count(*)::int from generate_series(first, last, interval '1 day') as d where to_char(d, 'Dy') in ('Sat', 'Sun'))
          as weekends
      from bounds`,
  },
  {
    fact: 'a merchant is as the wallet has it',
    mart: `select merchant_id::int as id, merchant_name as name, merchant_category as category, country, city, fee_rate::numeric(12, 4) as rate,
        tags, merchant_status as status, onboarded_date as since from marts.dim_merchants order by 1`,
    wallet: `select id::int, name, category, country, city, fee_rate::numeric(12, 4) as rate,
        (select string_agg(tag, ', ' order by tag) from unnest(tags) as tag) as tags, status,
        (created_at at time zone 'UTC')::date as since from wallet.merchants order by 1`,
  },
  {
    fact: 'what a customer did adds up over all time, by type, channel and time of the week',
    mart: `select user_id::int as id, completed_count::int as n, frequency::int as spent, monetary_amount_reporting as net,
        refund_count::int as refunds, refund_amount_reporting as refunded, transfer_amount_reporting as sent,
        fee_amount_reporting as fees, qr_count::int as qr, weekend_count::int as weekend, night_count::int as night,
        second_payment_at as second
      from marts.user_transaction_totals order by 1`,
    wallet: `with own as (
        select *, status = 'completed' as done, payer is not distinct from payee as internal from oracle.trade where customer is not null
      )
      select customer::int as id, count(*) filter (where done)::int as n,
        count(*) filter (where done and type in ('payment', 'transfer', 'withdrawal') and not internal)::int as spent,
        coalesce(sum(case type when 'refund' then -usd else usd end) filter (where done and type <> 'top_up' and not internal), 0)
          ::numeric(38, 6) as net,
        count(*) filter (where done and type = 'refund')::int as refunds,
        coalesce(sum(usd) filter (where done and type = 'refund'), 0)::numeric(38, 6) as refunded,
        coalesce(sum(usd) filter (where done and type = 'transfer' and not internal), 0)::numeric(38, 6) as sent,
        coalesce(sum(fee_usd) filter (where done and payer = customer), 0)::numeric(38, 6) as fees,
        count(*) filter (where done and channel = 'qr')::int as qr,
        count(*) filter (where done and to_char(day, 'Dy') in ('Sat', 'Sun'))::int as weekend,
        count(*) filter (where done and to_char(created_at at time zone 'UTC', 'HH24') in ('22', '23', '00', '01', '02', '03', '04', '05'))
          ::int as night,
        (array_agg(created_at order by created_at) filter (where done and type = 'payment'))[2] as second
      from own group by customer order by 1`,
  },
  {
    fact: 'a row says what the marts report in',
    mart: `select reporting_currency as currency, reporting_time_zone as zone, amount_scale::int as scale from marts.reporting_settings`,
    wallet: `select 'USD' as currency, 'UTC' as zone, 1 as scale`,
  },
  {
    fact: 'customers by tier, and what their wallets hold',
    mart: `select u.kyc_tier::int as tier, count(distinct u.user_id)::int as customers, w.currency, sum(w.balance)::numeric(38, 4) as held
      from marts.dim_users as u join marts.dim_wallets as w on w.user_id = u.user_id group by 1, 3 order by 1, 3`,
    wallet: `select u.kyc_tier::int as tier, count(distinct u.id)::int as customers, w.currency, sum(w.balance)::numeric(38, 4) as held
      from wallet.users as u join wallet.wallets as w on w.user_id = u.id group by 1, 3 order by 1, 3`,
  },
  {
    fact: 'a month and currency has what payments were refunded, and no chargebacks where there are none',
    mart: `select month_start as month, currency, payment_count::int as payments, payment_amount::numeric(38, 4) as paid,
        refund_count::int as refunds, refund_amount::numeric(38, 4) as refunded, refund_rate as rate, chargeback_count::int as chargebacks
      from marts.returns_monthly order by 1, 2`,
    wallet: `with done as (select *, date_trunc('month', day)::date as month from oracle.trade where status = 'completed' and type in ('payment', 'refund'))
      select month, currency, count(*) filter (where type = 'payment')::int as payments,
        coalesce(sum(amount) filter (where type = 'payment'), 0)::numeric(38, 4) as paid, count(*) filter (where type = 'refund')::int as refunds,
        coalesce(sum(amount) filter (where type = 'refund'), 0)::numeric(38, 4) as refunded,
        round(count(*) filter (where type = 'refund')::numeric / nullif(count(*) filter (where type = 'payment'), 0), 6) as rate, 0 as chargebacks
      from done group by 1, 2 order by 1, 2`,
  },
  {
    fact: 'a month and currency has the fees, what payments keep, and what the bills leave of it, where there are any',
    mart: `select month_start as month, currency, payment_volume_amount as volume, fee_amount as fees, fee_reporting as fees_usd, take_rate as take,
        cost_amount as cost, cost_reporting as cost_usd, net_revenue_amount as net, net_revenue_reporting as net_usd, margin_rate as margin
      from marts.revenue_monthly order by 1, 2`,
    wallet: `with done as (
        select *, date_trunc('month', day)::date as month, case type when 'payment' then amount when 'refund' then -amount end as paid,
          case when type in ('payment', 'refund') then fee end as paid_fee
        from oracle.trade where status = 'completed'
      ), bills as (
        select date_trunc('month', cost_date)::date as month, b.currency, sum(amount) as cost, sum((amount * rate_to_usd)::numeric(38, 6)) as cost_usd
        from raw.payment_costs as b join oracle.rates as r on r.currency = b.currency and cost_date >= valid_from and cost_date < valid_until
        where reported_at = '2026-06-01Z' group by 1, 2
      )
      select month, currency, coalesce(sum(paid), 0)::numeric(38, 4) as volume, sum(fee)::numeric(38, 4) as fees, sum(fee_usd)::numeric(38, 6) as fees_usd,
        round(coalesce(sum(paid_fee), 0) / nullif(sum(paid), 0), 6) as take, max(cost)::numeric(38, 4) as cost, max(cost_usd) as cost_usd,
        (sum(fee) - max(cost))::numeric(38, 4) as net, sum(fee_usd)::numeric(38, 6) - max(cost_usd) as net_usd,
        round((sum(fee) - max(cost)) / nullif(sum(fee), 0), 6) as margin
      from done left join bills using (month, currency) group by 1, 2 order by 1, 2`,
  },
  {
    fact: 'a target stands beside what was reached in its month, and beside nothing where there are no data',
    mart: `select month_start as month, metric, target::float as target, actual::float as reached, attainment_rate as rate, is_complete_month as over,
        is_met as met from marts.targets_monthly order by 1, 2`,
    wallet: `with set_out as (
        select distinct on (1, metric) date_trunc('month', month_start)::date as month, metric, target from raw.targets order by 1, metric, set_at desc
      ), firsts as (
        select customer, min(day) as day from oracle.trade where status = 'completed' and customer is not null group by customer
      ), compared as (
        select month, metric, target, (month + interval '1 month')::date - 1 <= (select day from oracle.last_day) as over,
          case when extract(year from month) = 2026 then case metric
            when 'payment_volume' then (select sum(case type when 'refund' then -usd else usd end) from oracle.trade
              where status = 'completed' and type in ('payment', 'refund') and date_trunc('month', day) = month)
            when 'fees' then (select sum(fee_usd) from oracle.trade where status = 'completed' and date_trunc('month', day) = month)
            when 'active_customers' then (select count(distinct user_id) from oracle.active where is_transacting and date_trunc('month', day) = month)
            when 'new_customers' then (select count(*) from firsts where date_trunc('month', day) = month)
            when 'sign_ups' then (select count(*) from wallet.users where date_trunc('month', created_at at time zone 'UTC') = month)
          end end as reached
        from set_out
      )
      select month, metric, target::float as target, reached::float as reached, round(reached / target, 6) as rate, over,
        case when over then reached >= target end as met
      from compared order by 1, 2`,
  },
  {
    fact: 'a top-up is used when its wallet next pays, sends or withdraws, and of the last days nobody can say',
    mart: `select month_start as month, currency, top_up_count::int as n, spent_count::int as spent, day_over_count::int as day_over,
        spent_within_day_count::int as in_a_day, week_over_count::int as week_over, spent_within_week_count::int as in_a_week,
        spent_within_week_rate as rate, median_hours_to_spend as median
      from marts.top_up_to_spend order by 1, 2`,
    wallet: `with put_in as (
        select t.*, w.kind, date_trunc('month', day)::date as month, coalesce(settled_at, t.created_at) as there, (select day from oracle.last_day) as last
        from oracle.trade as t join wallet.wallets as w on w.id = t.destination_wallet_id
        where type = 'top_up' and t.status = 'completed' and w.kind = 'customer'
      ), used as (
        select p.*, (select extract(epoch from min(s.created_at) - p.there)::numeric / 3600 from oracle.trade as s
          where s.source_wallet_id = p.destination_wallet_id and s.status = 'completed' and s.type in ('payment', 'transfer', 'withdrawal')
            and s.payer is distinct from s.payee and s.created_at >= p.there) as hours
        from put_in as p
      )
      select month, currency, count(*)::int as n, count(hours)::int as spent, count(*) filter (where day + 1 < last)::int as day_over,
        count(*) filter (where day + 1 < last and hours <= 24)::int as in_a_day, count(*) filter (where day + 7 < last)::int as week_over,
        count(*) filter (where day + 7 < last and hours <= 168)::int as in_a_week,
        round(count(*) filter (where day + 7 < last and hours <= 168)::numeric / nullif(count(*) filter (where day + 7 < last), 0), 6) as rate,
        percentile_cont(0.5) within group (order by hours)::numeric(20, 6) as median
      from used group by 1, 2 order by 1, 2`,
  },
  {
    fact: 'a month and country has its customers, those who traded, what they spent and brought, and how much of it worked',
    mart: `select month_start as month, country, registered_users::int as registered, active_users::int as active, transacting_users::int as trading,
        completed_transaction_count::int as done, failed_transaction_count::int as failed, success_rate as success,
        spend_amount_reporting as spent, fee_amount_reporting as fees, fees_per_active_user as each
      from marts.country_monthly order by 1, 2`,
    wallet: `with months as (
        select m::date as month from generate_series((select date_trunc('month', min(day)) from oracle.active), (select day from oracle.last_day),
          interval '1 month') as m
      ), there as (
        select month, country, count(*)::int as registered from months join wallet.users
          on date_trunc('month', created_at at time zone 'UTC') <= month group by 1, 2
      ), seen as (
        select date_trunc('month', day)::date as month, country, count(distinct user_id)::int as active,
          count(distinct user_id) filter (where is_transacting)::int as trading
        from oracle.active as a join wallet.users as u on u.id = a.user_id group by 1, 2
      ), money as (
        select date_trunc('month', day)::date as month, country, count(*) filter (where t.status = 'completed')::int as done,
          count(*) filter (where t.status = 'failed')::int as failed,
          sum(case when type = 'refund' then -usd when type <> 'top_up' and payer is distinct from payee then usd end)
            filter (where t.status = 'completed') as spent, sum(fee_usd) filter (where t.status = 'completed') as fees
        from oracle.trade as t join wallet.users as u on u.id = t.customer group by 1, 2
      )
      select month, country, registered, coalesce(active, 0) as active, coalesce(trading, 0) as trading, coalesce(done, 0) as done,
        coalesce(failed, 0) as failed, round(done::numeric / nullif(done + failed, 0), 6) as success, coalesce(spent, 0)::numeric(38, 6) as spent,
        coalesce(fees, 0)::numeric(38, 6) as fees, round(fees / nullif(trading, 0), 6) as each
      from there left join seen using (month, country) left join money using (month, country) order by 1, 2`,
  },
  {
    // Plain SQL above finds whom a rule flags; this is what became of them.
    fact: 'a rule was right about the customers who are suspended, as nothing is charged back here',
    mart: `select month_start as month, signal_type as rule, signal_count::int as signals, flagged_users::int as flagged,
        suspended_users::int as suspended, charged_back_users::int as charged_back, confirmed_users::int as confirmed, precision_rate as right
      from marts.risk_rule_outcomes order by 1, 2`,
    wallet: `with signals as (
        select date_trunc('month', window_start at time zone 'UTC')::date as month, signal_type as rule, s.user_id, u.status
        from marts.risk_signals as s join wallet.users as u on u.id = s.user_id
      )
      select month, rule, count(*)::int as signals, count(distinct user_id)::int as flagged,
        count(distinct user_id) filter (where status = 'suspended')::int as suspended, 0 as charged_back,
        count(distinct user_id) filter (where status = 'suspended')::int as confirmed,
        round(count(distinct user_id) filter (where status = 'suspended')::numeric / count(distinct user_id), 6) as right
      from signals group by 1, 2 order by 1, 2`,
  },
  {
    fact: 'a day and device has its customers, logins and wrong PINs',
    mart: `select activity_date as day, device, active_users::int as customers, event_count::int as events, login_count::int as logins,
        pin_failed_count::int as wrong from marts.device_activity_daily order by 1, 2`,
    wallet: `select day, device, count(distinct user_id)::int as customers, count(*)::int as events,
        count(*) filter (where event = 'login')::int as logins, count(*) filter (where event = 'pin_failed')::int as wrong
      from oracle.events group by 1, 2 order by 1, 2`,
  },
  {
    fact: 'what is open is counted by its age on the last day of data',
    mart: `select age_band as band, transaction_type as type, currency, transaction_count::int as n, amount::numeric(38, 4) as amount
      from marts.settlement_ageing where not is_held order by 1, 2, 3`,
    wallet: `select case when age < 1 then 'under 1 day' when age < 3 then '1 to 2 days' when age < 7 then '3 to 6 days'
          when age < 30 then '7 to 29 days' else '30 days and more' end as band, type, currency, count(*)::int as n, sum(amount)::numeric(38, 4) as amount
      from (select *, (select day from oracle.last_day) - day as age from oracle.trade where status = 'pending') as open
      group by 1, 2, 3 order by 1, 2, 3`,
  },
  {
    fact: 'a cohort has brought so much a head by each month',
    mart: `select cohort_month as cohort, activity_month as month, fee_amount_reporting as fees, lifetime_fees_per_user as each
      from marts.retention_cohorts order by 1, 2`,
    wallet: `with cohorts as (
        select date_trunc('month', created_at at time zone 'UTC')::date as cohort, array_agg(id) as members, count(*) as n from wallet.users group by 1
      ), months as (
        select cohort, members, n, m::date as month
        from cohorts cross join generate_series(cohort, (select day from oracle.last_day), interval '1 month') as m
      ), fees as (
        select customer, date_trunc('month', day)::date as month, sum(fee_usd) as usd from oracle.trade where status = 'completed' group by 1, 2
      )
      select cohort, month,
        coalesce((select sum(usd) from fees where customer = any(members) and fees.month = months.month), 0)::numeric(38, 6) as fees,
        round(coalesce((select sum(usd) from fees where customer = any(members) and fees.month <= months.month), 0) / n, 6) as each
      from months order by 1, 2`,
  },
  {
    fact: 'what is owed to customers and merchants is beside what the bank says, which is 5 short of it in pesos',
    mart: `select currency, liability::numeric(38, 4) as owed, gap::numeric(38, 4) as gap, is_covered as covered
      from marts.safeguarding_daily where bank_balance is not null order by 1`,
    wallet: `select currency, sum(balance)::numeric(38, 4) as owed, (case currency when 'PHP' then -5 else 0 end)::numeric(38, 4) as gap,
        currency <> 'PHP' as covered
      from wallet.wallets where kind in ('customer', 'merchant', 'agent') group by 1 order by 1`,
  },
  {
    fact: 'an agent is low on a day that it ends with less than a busy day asks for, and refusals are cash-ins that failed',
    mart: `select balance_date as day, currency, agent_count::int as agents, active_agent_count::int as active,
        float_amount::numeric(38, 4) as held, low_float_agent_count::int as low, cash_in_count::int as ins,
        refused_cash_in_count::int as refused, cash_out_amount::numeric(38, 4) as out, rebalance_count::int as rebalances
      from marts.agent_liquidity_daily order by 1, 2`,
    wallet: `with agents as (select id, currency from wallet.wallets where kind = 'agent'),
      days as (
        select d::date as day from generate_series((select day - 30 from oracle.last_day), (select day from oracle.last_day), interval '1 day') as d
      ), moves as (
        select a.id as agent, t.day, t.amount, t.status = 'completed' as done, t.source_wallet_id = a.id as gives,
          coalesce(t.payer, t.payee) is not null as with_customer
        from agents as a join oracle.trade as t on a.id in (t.source_wallet_id, t.destination_wallet_id)
        where t.status in ('completed', 'failed') and t.day >= (select min(day) from days)
      ), busy as (
        select agent, percentile_disc(0.9) within group (order by asked) as asked from (
          select agent, day, sum(amount) as asked from moves where gives and with_customer group by 1, 2) as each group by 1
      ), held as (
        select days.day, a.id, a.currency,
          coalesce((select sum(amount) from oracle.movements as m where m.wallet_id = a.id and m.settled_day <= days.day), 0) as balance
        from days cross join agents as a
      )
      select held.day, currency, count(*)::int as agents,
        (select count(distinct agent)::int from moves where moves.day = held.day and done and with_customer) as active,
        sum(balance)::numeric(38, 4) as held, (count(*) filter (where balance < busy.asked))::int as low,
        (select count(*)::int from moves where moves.day = held.day and gives and with_customer and done) as ins,
        (select count(*)::int from moves where moves.day = held.day and gives and with_customer and not done) as refused,
        (select coalesce(sum(amount), 0)::numeric(38, 4) from moves where moves.day = held.day and not gives and with_customer and done) as out,
        (select count(*)::int from moves where moves.day = held.day and not with_customer and done) as rebalances
      from held left join busy on busy.agent = held.id group by 1, 2 order by 1, 2`,
  },
];
