-- Figures of the wallet straight from its own tables, without a mapping: name, currency, value.
with held as (select * from core.transactions where parent_transaction is null),
ended as (select parent_transaction as id, status, sum(precise_amount::numeric / precision) as amount from core.transactions where parent_transaction is not null group by 1, 2),
t as (
  select h.*, coalesce(e.amount, h.precise_amount::numeric / h.precision) as amount,
    case e.status when 'APPLIED' then 'completed' when 'VOID' then 'failed' else 'pending' end as outcome
  from held as h left join ended as e on e.id = h.transaction_id
)
select 'customers' as name, 'all' as currency, count(*)::text as value from core.identities where identity_type = 'individual'
union all select 'customers active', 'all', count(*)::text from core.identities where identity_type = 'individual'
union all select 'merchants', 'all', count(*)::text from core.identities where identity_type = 'organization'
union all select 'transactions ' || outcome, currency, count(*)::text from t group by outcome, currency
union all select 'payments', currency, sum(amount)::numeric(38, 4)::text from t where outcome = 'completed' and kind = 'purchase' group by currency
union all select 'payments less refunds', currency, sum(amount)::numeric(38, 4)::text from t where outcome = 'completed' and kind = 'purchase' group by currency
union all select 'fees', currency, '0.0000' from t where outcome = 'completed' group by currency
union all select 'fees paid by receivers', currency, '0.0000' from t where outcome = 'completed' group by currency
union all select 'money moved in reporting currency', 'NGN', sum(amount)::numeric(38, 6)::text from t where outcome = 'completed'
union all select 'customer balances', currency, sum(balance)::numeric(38, 4)::text from core.balances where indicator = 'customer' group by currency
union all select 'busiest day', 'all', (select created_at::date || ' ' || count(*) from t group by created_at::date order by count(*) desc, 1 limit 1)
union all select 'paying customers', 'all', count(distinct source)::text from t where outcome = 'completed' and kind in ('send', 'purchase', 'payout')
order by 1, 2;
