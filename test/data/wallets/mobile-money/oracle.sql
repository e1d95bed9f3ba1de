-- Figures of the wallet straight from its own tables, without a mapping: name, currency, value.
with money (ccy, units, rate) as (values ('KES', 100, 0.0077), ('UGX', 1, 0.00028), ('TZS', 100, 0.0004)),
o as (
  select p.*, m.rate, amount_minor::numeric / units as amount, fee_minor::numeric / units as fee,
    case state when 2 then 'completed' when 9 then 'failed' when 8 then 'failed' else 'pending' end as outcome
  from core.payment_order as p join money as m using (ccy)
  where deleted_at is null
)
select 'customers' as name, 'all' as currency, count(*)::text as value from core.party where party_type = 1
union all select 'customers active', 'all', count(*)::text from core.party where party_type = 1 and state = 1 and deleted_at is null
union all select 'merchants', 'all', count(*)::text from core.merchant_profile
union all select 'transactions ' || outcome, ccy, count(*)::text from o group by outcome, ccy
union all select 'payments', ccy, sum(amount)::numeric(38, 4)::text from o where outcome = 'completed' and kind = 30 group by ccy
union all select 'payments less refunds', ccy, sum(case kind when 50 then -amount else amount end)::numeric(38, 4)::text from o where outcome = 'completed' and kind in (30, 50) group by ccy
union all select 'fees', ccy, sum(fee)::numeric(38, 4)::text from o where outcome = 'completed' group by ccy
union all select 'fees paid by receivers', ccy, sum(fee)::numeric(38, 4)::text from o where outcome = 'completed' and fee_bearer = 'R' group by ccy
union all select 'money moved in reporting currency', 'USD', sum(round(amount * rate, 6))::numeric(38, 6)::text from o where outcome = 'completed'
union all select 'customer balances', ccy, sum(balance_minor::numeric / units)::numeric(38, 4)::text from core.account join money using (ccy) where class = 1 group by ccy
union all select 'failures: ' || meaning, 'all', count(*)::text from o join core.fail_code on code = fail_code where outcome = 'failed' group by meaning
union all select 'busiest day', 'all', (select (created_ts at time zone 'Africa/Nairobi')::date || ' ' || count(*) from o group by (created_ts at time zone 'Africa/Nairobi')::date order by count(*) desc, 1 limit 1)
union all select 'paying customers', 'all', count(distinct a.party_id)::text from o join core.account as a on a.id = o.payer_account where outcome = 'completed' and kind in (20, 30, 40)
order by 1, 2;
