import type { Client } from 'pg';

/** Figures of the marts under the names that a wallet's oracle.sql gives them. */
export const FIGURES_OF_THE_MARTS = `
  with completed as (select * from marts.fct_transactions where transaction_status = 'completed')
  select 'customers' as name, 'all' as currency, count(*)::text as value from marts.dim_users
  union all select 'customers active', 'all', count(*)::text from marts.dim_users where user_status = 'active'
  union all select 'merchants', 'all', count(*)::text from marts.dim_merchants having count(*) > 0
  union all select 'transactions ' || transaction_status, currency, sum(transaction_count)::text from marts.daily_transaction_summary group by transaction_status, currency
  union all select 'payments', currency, sum(gross_amount)::numeric(38, 4)::text from marts.daily_transaction_summary where transaction_status = 'completed' and transaction_type = 'payment' group by currency
  union all select 'payments less refunds', currency, sum(net_amount)::numeric(38, 4)::text from marts.daily_transaction_summary where transaction_type in ('payment', 'refund') and transaction_status = 'completed' group by currency
  union all select 'fees', currency, sum(fee_amount)::numeric(38, 4)::text from completed group by currency
  union all select 'fees paid by receivers', currency, sum(destination_fee_amount)::numeric(38, 4)::text from completed group by currency
  union all select 'money moved in reporting currency', (select currency from marts.dim_currencies where is_reporting_currency union select 'USD' limit 1), sum(amount_reporting)::numeric(38, 6)::text from completed
  union all select 'customer balances', currency, sum(closing_balance)::numeric(38, 4)::text from marts.wallet_balances_daily where wallet_kind = 'customer' and balance_date = (select max(balance_date) from marts.wallet_balances_daily) group by currency
  union all select 'failures: ' || failure_reason, 'all', count(*)::text from marts.fct_transactions where transaction_status = 'failed' and failure_reason is not null group by failure_reason
  union all select 'busiest day', 'all', (select transaction_date || ' ' || sum(transaction_count) from marts.daily_transaction_summary group by transaction_date order by sum(transaction_count) desc, 1 limit 1)
  union all select 'paying customers', 'all', count(distinct source_user_id)::text from completed where transaction_type in ('transfer', 'payment', 'withdrawal')
  order by 1, 2`;

export type Figures = Readonly<Record<string, string>>;

/** The figures that a query gives, by name and currency. */
export async function figuresBy(client: Client, sql: string): Promise<Figures> {
  const { rows } = await client.query<{ name: string; currency: string; value: string }>(sql);
  return Object.fromEntries(rows.map((row) => [`${row.name} (${row.currency})`, row.value]));
}
