-- Figures of the wallet straight from its own tables, without a mapping: name, currency, value.
with m as (
  select m.*, upper(b.asset) as currency, b.owner_id, value / 100.0 as amount, charge / 100.0 as fee, metadata ->> 'type' as what,
    case b.asset when 'idr' then 0.00006 else 1 end as rate, case status when 'done' then 'completed' when 'declined' then 'failed' else 'pending' end as outcome
  from app.movements as m join app.balances as b on b.id = m.from_balance_id
)
select 'customers' as name, 'all' as currency, count(*)::text as value from app.profiles where kind = 'person'
union all select 'customers active', 'all', count(*)::text from app.profiles where kind = 'person' and not is_deleted
union all select 'merchants', 'all', count(*)::text from app.profiles where kind = 'merchant'
union all select 'transactions ' || outcome, currency, count(*)::text from m group by outcome, currency
union all select 'payments', currency, sum(amount)::numeric(38, 4)::text from m where outcome = 'completed' and what = 'pay' group by currency
union all select 'payments less refunds', currency, sum(case what when 'refund' then -amount else amount end)::numeric(38, 4)::text from m where outcome = 'completed' and what in ('pay', 'refund') group by currency
union all select 'fees', currency, sum(fee)::numeric(38, 4)::text from m where outcome = 'completed' group by currency
union all select 'fees paid by receivers', currency, sum(fee)::numeric(38, 4)::text from m where outcome = 'completed' group by currency
union all select 'money moved in reporting currency', 'USD', sum(round(amount * rate, 6))::numeric(38, 6)::text from m where outcome = 'completed'
union all select 'customer balances', upper(asset), sum(amount / 100.0)::numeric(38, 4)::text from app.balances where owner_kind = 'person' group by asset
union all select 'failures: ' || (metadata ->> 'reason'), 'all', count(*)::text from m where outcome = 'failed' group by metadata ->> 'reason'
union all select 'busiest day', 'all', (select (inserted_at at time zone 'Asia/Jakarta')::date || ' ' || count(*) from m group by (inserted_at at time zone 'Asia/Jakarta')::date order by count(*) desc, 1 limit 1)
union all select 'paying customers', 'all', count(distinct owner_id)::text from m where outcome = 'completed' and what in ('send', 'pay', 'cashout')
order by 1, 2;
