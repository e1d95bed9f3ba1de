-- Figures of the ledger straight from its own tables, without a mapping: name, currency, value.
with t as (
  select t.*, a.currency, a.customer_id, case a.currency when 'USD' then round(1 / 0.0175, 15) else 1 end as rate,
    case state when 'posted' then 'completed' else state end as outcome
  from ledger.transfers as t join ledger.accounts as a on a.id = t.from_account_id
)
select 'customers' as name, 'all' as currency, count(*)::text as value from ledger.customers
union all select 'customers active', 'all', count(*)::text from ledger.customers where status = 'active'
union all select 'merchants', 'all', count(*)::text from ledger.merchants
union all select 'transactions ' || outcome, currency, count(*)::text from t group by outcome, currency
union all select 'payments', currency, sum(amount)::numeric(38, 4)::text from t where outcome = 'completed' and kind = 'purchase' group by currency
union all select 'payments less refunds', currency, sum(case kind when 'reversal' then -amount else amount end)::numeric(38, 4)::text from t where outcome = 'completed' and kind in ('purchase', 'reversal') group by currency
union all select 'fees', currency, sum(fee)::numeric(38, 4)::text from t where outcome = 'completed' group by currency
union all select 'fees paid by receivers', currency, '0.0000' from t where outcome = 'completed' group by currency
union all select 'money moved in reporting currency', 'PHP', sum(round(amount * rate, 6))::numeric(38, 6)::text from t where outcome = 'completed'
union all select 'customer balances', currency, sum(balance)::numeric(38, 4)::text from ledger.accounts where type = 'customer' group by currency
union all select 'failures: ' || failure_reason, 'all', count(*)::text from t where outcome = 'failed' group by failure_reason
union all select 'busiest day', 'all', (select created_at::date || ' ' || count(*) from t group by created_at::date order by count(*) desc, 1 limit 1)
union all select 'paying customers', 'all', count(distinct customer_id)::text from t where outcome = 'completed' and kind in ('send', 'purchase', 'payout')
order by 1, 2;
