import { quoteQualified } from '@ewallet/postgres';
import type { Rules } from '../config/rules';
import type { SignalName } from '../config/signal-names';

export interface DryRun {
  /** One row: alerts and customers, null for a signal that is nobody's. Its parameters are those below and, as the last one, the moment from which alerts count. */
  readonly sql: string;
  readonly parameters: readonly string[];
}

/**
 * What a rule would have raised, as plain SQL over the e-wallet that shares nothing with the job's.
 *
 * @param rule count and share that are tried
 * @returns undefined for a signal that has no threshold to try
 */
export function dryRun(
  signal: SignalName,
  rules: Rules,
  rule: { readonly count: number; readonly share: number },
  schema: string,
): DryRun | undefined {
  const count = String(rule.count);
  const share = String(rule.share);
  switch (signal) {
    case 'velocity':
      return {
        sql: burst(
          schema,
          rules.velocityMinutes,
          `select id as event_id, customer_id, '' as subject, created_at as occurred_at from movements
  where status in ('completed', 'failed') and customer_id is not null`,
          2,
        ),
        parameters: [count],
      };
    case 'structuring':
      return {
        sql: burst(
          schema,
          rules.structuringMinutes,
          `select id as event_id, customer_id, currency as subject, created_at as occurred_at from movements
  where status = 'completed' and type in ('top_up', 'transfer', 'withdrawal') and customer_id is not null
    and amount >= $2::numeric * ($3::jsonb ->> currency)::numeric and amount < ($3::jsonb ->> currency)::numeric`,
          4,
        ),
        parameters: [count, String(rules.structuringBand), amounts(rules.structuringThresholds)],
      };
    case 'pin_failed_burst':
      return {
        sql: burst(
          schema,
          rules.pinMinutes,
          `select id as event_id, user_id as customer_id, '' as subject, occurred_at from ${quoteQualified(schema, 'user_activity')}
  where event::text = 'pin_failed' and user_id is not null`,
          2,
        ),
        parameters: [count],
      };
    case 'rapid_in_out':
      return { sql: rapidInOut(schema, rules.inOutMinutes), parameters: [share, amounts(rules.inOutAmounts)] };
    case 'first_large_cash_out':
      return { sql: firstLargeCashOut(schema), parameters: [share, amounts(rules.structuringThresholds)] };
    case 'failure_rate_spike':
      return { sql: failureRateSpike(schema, rules.failureMinutes), parameters: [count, share] };
    case 'account_takeover':
    case 'dormant_account_wakes':
      return undefined;
    default:
      return signal satisfies never;
  }
}

function amounts(byCurrency: ReadonlyMap<string, number>): string {
  return JSON.stringify(Object.fromEntries(byCurrency));
}

function movements(schema: string): string {
  return `movements as (
  select t.id, t.type::text, t.status::text, t.currency::text, t.amount, t.fee, t.created_at, t.settled_at,
    t.source_wallet_id, t.destination_wallet_id, payer.user_id as source_user_id, receiver.user_id as destination_user_id,
    case when t.type::text in ('top_up', 'refund') then coalesce(receiver.user_id, payer.user_id)
      else coalesce(payer.user_id, receiver.user_id) end as customer_id
  from ${quoteQualified(schema, 'transactions')} t
  left join ${quoteQualified(schema, 'wallets')} payer on t.source_wallet_id = payer.id
  left join ${quoteQualified(schema, 'wallets')} receiver on t.destination_wallet_id = receiver.id
)`;
}

/** Events before each one within the window, those of the same moment by their id. @param since number of the last parameter */
function burst(schema: string, minutes: number, events: string, since: number): string {
  const moment = 'partition by customer_id, subject, occurred_at';
  return `with ${movements(schema)}, events as (
  ${events}
), counted as (
  select customer_id, occurred_at,
    count(*) over (partition by customer_id, subject order by occurred_at range between interval '${minutes} minutes' preceding and current row)
      - count(*) over (${moment}) + row_number() over (${moment} order by event_id) as events
  from events
)
select count(*) as alerts, count(distinct customer_id) as customers
from counted where events >= $1::bigint and occurred_at >= $${since}::timestamptz`;
}

function rapidInOut(schema: string, minutes: number): string {
  const settled = (side: string): string => `${side}.status = 'completed' and ${side}.settled_at is not null`;
  return `with ${movements(schema)}, raised as (
  select i.id, i.destination_user_id as customer_id
  from movements i join movements o on o.source_wallet_id = i.destination_wallet_id
    and o.settled_at > i.settled_at and o.settled_at <= i.settled_at + interval '${minutes} minutes'
  where ${settled('i')} and i.type in ('top_up', 'transfer') and i.destination_user_id is not null
    and i.source_user_id is distinct from i.destination_user_id and i.amount >= ($2::jsonb ->> i.currency)::numeric
    and ${settled('o')} and o.type in ('transfer', 'withdrawal') and o.source_user_id is not null
    and o.destination_user_id is distinct from o.source_user_id and i.settled_at >= $3::timestamptz
  group by i.id, i.destination_user_id, i.amount
  having sum(o.amount + coalesce(o.fee, 0)) >= i.amount * $1::numeric
)
select count(*) as alerts, count(distinct customer_id) as customers from raised`;
}

function firstLargeCashOut(schema: string): string {
  return `with ${movements(schema)}, withdrawals as (
  select source_user_id as customer_id, currency, amount, created_at,
    min(created_at) over (partition by source_user_id) as first_at
  from movements where status = 'completed' and type = 'withdrawal' and source_user_id is not null
)
select count(*) as alerts, count(distinct customer_id) as customers from withdrawals
where created_at = first_at and amount >= ($2::jsonb ->> currency)::numeric * $1::numeric and created_at >= $3::timestamptz`;
}

function failureRateSpike(schema: string, minutes: number): string {
  return `with windows as (
  select count(*) as settled, count(*) filter (where status::text = 'failed') as failed,
    date_bin('${minutes} minutes', created_at, timestamptz '1970-01-01Z') as starts
  from ${quoteQualified(schema, 'transactions')}
  where status::text in ('completed', 'failed') and created_at is not null and type is not null and channel is not null
  group by type, channel, starts
)
select count(*) as alerts, null as customers from windows
where settled >= $1::bigint and failed >= settled * $2::numeric and starts >= $3::timestamptz`;
}
