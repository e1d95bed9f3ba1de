/** Signals of ewallet-realtime as plain SQL over the e-wallet, with the demo's thresholds: signal, customer, starts, ends. */
const THRESHOLDS = `(values ('USD', 10000, 100), ('SGD', 20000, 135), ('PHP', 500000, 5700), ('IDR', 100000000, 1600000),
  ('VND', 200000000, 2500000), ('THB', 400000, 3500)) as threshold (currency, reported, passed_on)`;

const burst = (signal: string, events: string, count: number, minutes: number): string => `
  select '${signal}' as signal, customer, at - interval '${minutes} minutes' as starts, at as ends
  from (select *, lag(at, ${count - 1}) over (partition by customer, subject order by at, id) as first from (${events}) as events) as runs
  where at - first <= interval '${minutes} minutes'`;

const OUT = `status = 'completed' and type in ('transfer', 'withdrawal') and payer is not null`;

export const ALERTS = `
  with movements as materialized (
    select t.*, p.user_id::int as payer, r.user_id::int as payee, reported, passed_on,
      case when type in ('top_up', 'refund') then coalesce(r.user_id, p.user_id) else coalesce(p.user_id, r.user_id) end::int as customer
    from transactions as t
    join wallets as p on p.id = t.source_wallet_id join wallets as r on r.id = t.destination_wallet_id
    join ${THRESHOLDS} on threshold.currency = t.currency
  )
  ${burst('velocity', `select id, customer, '' as subject, created_at as at from movements where status in ('completed', 'failed') and customer is not null`, 8, 10)}
  union all ${burst(
    'structuring',
    `select id, customer, currency as subject, created_at as at from movements where status = 'completed' and customer is not null
      and type in ('top_up', 'transfer', 'withdrawal') and amount >= 0.9 * reported and amount < reported`,
    3,
    1_440,
  )}
  union all ${burst('pin_failed_burst', `select id, user_id::int as customer, '' as subject, occurred_at as at from user_activity where event = 'pin_failed'`, 5, 15)}
  union all
  select 'rapid_in_out', i.payee, i.settled_at, i.settled_at + interval '30 minutes' from movements as i
  join movements as o on o.source_wallet_id = i.destination_wallet_id and o.settled_at > i.settled_at
    and o.settled_at <= i.settled_at + interval '30 minutes' and o.status = 'completed' and o.type in ('transfer', 'withdrawal')
  where i.status = 'completed' and i.type in ('top_up', 'transfer') and i.payee is not null and i.amount >= i.passed_on
  group by i.id, i.payee, i.amount, i.settled_at having sum(o.amount + o.fee) >= 0.9 * i.amount
  union all
  select 'account_takeover', payer, created_at - interval '1 hour', created_at from movements
  where ${OUT} and exists (select from user_activity as a where a.user_id = payer and a.event in ('device_added', 'pin_changed')
    and a.occurred_at between created_at - interval '1 hour' and created_at)`;
