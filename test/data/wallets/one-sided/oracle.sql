-- Figures of the wallet straight from its own tables, without a mapping: name, currency, value.
with t as (
  select t.*, a.currency_code as currency, a.client_id, case a.currency_code when 'USD' then round(1 / 0.00027, 15) else 1 end as rate,
    case when is_reversed then 'failed' else 'completed' end as outcome
  from savings.savings_account_transactions as t join savings.savings_accounts as a on a.id = t.savings_account_id
)
select 'customers' as name, 'all' as currency, count(*)::text as value from savings.clients
union all select 'customers active', 'all', count(*)::text from savings.clients where status_enum = 300
union all select 'transactions ' || outcome, currency, count(*)::text from t group by outcome, currency
union all select 'fees', currency, '0.0000' from t where outcome = 'completed' group by currency
union all select 'fees paid by receivers', currency, '0.0000' from t where outcome = 'completed' group by currency
union all select 'money moved in reporting currency', 'UGX', sum(round(amount * rate, 6))::numeric(38, 6)::text from t where outcome = 'completed'
union all select 'customer balances', currency_code, sum(account_balance)::numeric(38, 4)::text from savings.savings_accounts group by currency_code
union all select 'busiest day', 'all', (select transaction_date || ' ' || count(*) from t group by transaction_date order by count(*) desc, 1 limit 1)
union all select 'paying customers', 'all', count(distinct client_id)::text from t where outcome = 'completed' and transaction_type_enum <> 1
order by 1, 2;
