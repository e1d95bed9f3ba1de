import { quoteQualified } from '@ewallet/postgres';
import { PRODUCTS, type ProductName, type RealtimeConfig } from '../config/realtime-config';

/** The results that can be told from the e-wallet itself by plain SQL: every one but alerts. */
export type VerifiedProduct = Exclude<ProductName, 'alerts'>;
export const VERIFIED = PRODUCTS.filter((product): product is VerifiedProduct => product !== 'alerts');

export interface Expectation {
  readonly keys: readonly string[];
  readonly values: readonly string[];
  /** Every column as text, times in microseconds. */
  readonly sql: string;
}

/** What a result must say, as a query of the e-wallet that shares nothing with the job's. */
export function expectation(
  product: VerifiedProduct,
  { namespace: schema, sessionMinutes }: Pick<RealtimeConfig, 'namespace' | 'sessionMinutes'>,
): Expectation {
  const transactions = quoteQualified(schema, 'transactions');
  switch (product) {
    case 'minute_volumes':
      return {
        keys: ['minute', 'type', 'status', 'currency'],
        values: ['transactions', 'amount', 'fee'],
        sql: `select ${micros("date_trunc('minute', created_at at time zone 'UTC')")} as minute, type::text, status::text, currency::text,
  count(*)::text as transactions, sum(amount)::text as amount, sum(fee)::text as fee
from ${transactions} group by 1, 2, 3, 4`,
      };
    case 'wallet_velocity':
      return {
        keys: ['wallet_id', 'window_start'],
        values: ['window_end', 'transactions', 'amount'],
        sql: `select source_wallet_id::text as wallet_id, ${micros('starts')} as window_start, ${micros("starts + interval '10 minutes'")} as window_end,
  count(*)::text as transactions, sum(amount)::text as amount
from ${transactions}, lateral (
  select date_bin('5 minutes', created_at at time zone 'UTC', timestamp '2000-01-01') - back * interval '5 minutes' as starts
  from generate_series(0, 1) as back
) as windows
where type in ('transfer', 'payment', 'withdrawal')
group by source_wallet_id, starts having count(*) >= 2`,
      };
    case 'transaction_events':
      return transactionEvents(schema);
    case 'balance_checks':
      return balanceChecks(schema);
    case 'sessions':
      return sessions(schema, sessionMinutes);
    default:
      return product satisfies never;
  }
}

function transactionEvents(schema: string): Expectation {
  const table = (name: string): string => quoteQualified(schema, name);
  const own = ['type', 'channel', 'currency', 'amount', 'fee', 'source_wallet_id', 'destination_wallet_id'];
  return {
    keys: ['transaction_id', 'event'],
    values: [
      ...['occurred_at', 'created_at', ...own, 'failure_reason', 'source_wallet_kind', 'destination_wallet_kind'],
      ...['customer_id', 'customer_country', 'merchant_id', 'merchant_category', 'merchant_country'],
    ],
    sql: `select t.id::text as transaction_id, life.event, ${micros('life.at')} as occurred_at, ${micros('t.created_at')} as created_at,
  ${own.map((column) => `t.${column}::text`).join(', ')}, case when life.event = 'failed' then t.failure_reason end as failure_reason,
  payer.kind::text as source_wallet_kind, receiver.kind::text as destination_wallet_kind,
  (${ACTING})::text as customer_id, customer.country::text as customer_country,
  coalesce(receiver.merchant_id, payer.merchant_id)::text as merchant_id, merchant.category::text as merchant_category, merchant.country::text as merchant_country
from ${table('transactions')} t
cross join lateral (
  select 'created' as event, t.created_at as at union all select t.status::text, t.settled_at where t.status::text not in ('pending', 'held')
) as life
left join ${table('wallets')} payer on t.source_wallet_id = payer.id
left join ${table('wallets')} receiver on t.destination_wallet_id = receiver.id
left join ${table('users')} customer on customer.id = ${ACTING}
left join ${table('merchants')} merchant on merchant.id = coalesce(receiver.merchant_id, payer.merchant_id)`,
  };
}

/** Who acted: the receiver of a top-up or refund, the payer of everything else. */
const ACTING = `case when t.type::text in ('top_up', 'refund') then coalesce(receiver.user_id, payer.user_id)
  else coalesce(payer.user_id, receiver.user_id) end`;

function balanceChecks(schema: string): Expectation {
  const wallets = quoteQualified(schema, 'wallets');
  return {
    keys: ['wallet_id'],
    values: ['wallet_kind', 'customer_id', 'currency', 'balance', 'movements', 'difference', 'unchanged_since'],
    sql: `with completed as (
  select *, coalesce(settled_at, created_at) as moved_at from ${quoteQualified(schema, 'transactions')} where status::text = 'completed'
), moved as (
  select wallet_id, sum(amount) as amount, max(moved_at) as moved_at from (
    select source_wallet_id as wallet_id, -amount - coalesce(fee, 0) as amount, moved_at from completed
    union all select destination_wallet_id, amount, moved_at from completed
    union all select fees.id, fee, null from completed
      join (select distinct on (currency) id, currency from ${wallets} where kind::text = 'fee' order by currency, id) fees using (currency)
      where fee <> 0
  ) as entries where wallet_id is not null group by 1
)
select coalesce(w.id, m.wallet_id)::text as wallet_id, w.kind::text as wallet_kind, w.user_id::text as customer_id, w.currency::text as currency,
  w.balance::text as balance, coalesce(m.amount, 0)::text as movements, (coalesce(w.balance, 0) - coalesce(m.amount, 0))::text as difference,
  ${micros('greatest(w.updated_at, m.moved_at)')} as unchanged_since
from ${wallets} w full join moved m on m.wallet_id = w.id`,
  };
}

function sessions(schema: string, minutes: number): Expectation {
  const wallets = quoteQualified(schema, 'wallets');
  return {
    keys: ['session_id', 'customer_id'],
    values: [
      ...['started_at', 'last_event_at', 'events', 'logins', 'pin_failures', 'transactions', 'completed', 'failed'],
      ...['first_transaction_at', 'stage'],
    ],
    sql: `with visits as (
  select session_id, user_id, min(occurred_at) as started_at, max(occurred_at) as last_event_at, count(*) as events,
    count(*) filter (where event::text = 'login') as logins, count(*) filter (where event::text = 'pin_failed') as pin_failures
  from ${quoteQualified(schema, 'user_activity')} where session_id is not null and user_id is not null group by 1, 2
), acted as (
  select t.id, t.status::text as status, t.created_at, ${ACTING} as user_id
  from ${quoteQualified(schema, 'transactions')} t
  left join ${wallets} payer on t.source_wallet_id = payer.id
  left join ${wallets} receiver on t.destination_wallet_id = receiver.id
), placed as (
  select distinct on (acted.id) visits.session_id, visits.user_id, acted.status, acted.created_at
  from acted join visits on visits.user_id = acted.user_id
    and acted.created_at between visits.started_at and visits.started_at + interval '${minutes} minutes'
  order by acted.id, visits.started_at desc, visits.session_id::text collate "C" desc
), counted as (
  select session_id, user_id, count(*) as transactions, count(*) filter (where status = 'completed') as completed,
    count(*) filter (where status = 'failed') as failed, min(created_at) as first_transaction_at
  from placed group by 1, 2
)
select session_id::text, user_id::text as customer_id, ${micros('started_at')} as started_at, ${micros('last_event_at')} as last_event_at,
  events::text, logins::text, pin_failures::text, coalesce(transactions, 0)::text as transactions,
  coalesce(completed, 0)::text as completed, coalesce(failed, 0)::text as failed, ${micros('first_transaction_at')} as first_transaction_at,
  case when completed > 0 then 'completed' when transactions > 0 then 'transacted' when logins > 0 then 'logged_in' else 'opened' end as stage
from visits left join counted using (session_id, user_id)`,
  };
}

function micros(instant: string): string {
  return `(extract(epoch from ${instant}) * 1000000)::bigint::text`;
}
