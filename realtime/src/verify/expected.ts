import { quoteQualified } from '@ewallet/postgres';

/** The results that can be told from the e-wallet itself by plain SQL. */
export const VERIFIED = ['minute_volumes', 'wallet_velocity'] as const;
export type VerifiedProduct = (typeof VERIFIED)[number];

interface Expectation {
  readonly keys: readonly string[];
  readonly values: readonly string[];
  /** Every column as text, times in microseconds. */
  readonly sql: string;
}

/** What a result must say, as a query of the e-wallet that shares nothing with the job's. */
export function expectation(product: VerifiedProduct, schema: string): Expectation {
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
    default:
      return product satisfies never;
  }
}

function micros(instant: string): string {
  return `(extract(epoch from ${instant}) * 1000000)::bigint::text`;
}
