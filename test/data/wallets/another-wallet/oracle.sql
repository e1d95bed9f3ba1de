-- Figures of the worked example's wallet (dbt/examples/another-wallet) straight from its own tables: name, currency, value.
-- Days are UTC, its wall clocks are Jakarta's; what a transfer is follows from its two sides.
with step as (
  select distinct on (transfer_id) * from purse_db.transfer_step order by transfer_id, step desc
), t as (
  select t.*, case t.currency when '840' then 'USD' when '414' then 'KWD' else 'VND' end as iso,
    t.minor_units::numeric / case t.currency when '840' then 100 when '414' then 1000 else 1 end as amount,
    t.fee_minor_units::numeric / case t.currency when '840' then 100 when '414' then 1000 else 1 end as fee,
    case step.state when 'CAPTURED' then 'completed' when 'REJECTED' then 'failed' when 'EXPIRED' then 'failed' else 'pending' end as outcome,
    step.reason, (t.made_at at time zone 'Asia/Jakarta' at time zone 'UTC')::date as day,
    f.owner_kind || p.owner_kind as sides, f.owner_id as giver
  from purse_db.transfer as t left join step on step.transfer_id = t.id
  join purse_db.purse as f on f.id = t.from_purse join purse_db.purse as p on p.id = t.to_purse
)
select 'customers' as name, 'all' as currency, count(*)::text as value from purse_db.holder
union all select 'customers active', 'all', count(*)::text from purse_db.holder where state = 'A'
union all select 'merchants', 'all', count(*)::text from purse_db.shop
union all select 'transactions ' || outcome, iso, count(*)::text from t group by outcome, iso
union all select 'payments', iso, sum(amount)::numeric(38, 4)::text from t where outcome = 'completed' and sides = 'HS' group by iso
union all select 'payments less refunds', iso, sum(case sides when 'SH' then -amount else amount end)::numeric(38, 4)::text from t where outcome = 'completed' and sides in ('HS', 'SH') group by iso
union all select 'fees', iso, sum(fee)::numeric(38, 4)::text from t where outcome = 'completed' group by iso
union all select 'fees paid by receivers', iso, '0.0000' from t where outcome = 'completed' group by iso
union all select 'money moved in reporting currency', 'USD', sum(amount * case iso when 'USD' then 1 when 'VND' then 0.00004
  else case when day < '2026-03-02' then 3.25 else 3.26 end end)::numeric(38, 6)::text from t where outcome = 'completed'
union all select 'customer balances', case currency when '840' then 'USD' when '414' then 'KWD' else 'VND' end,
  sum(minor_units::numeric / case currency when '840' then 100 when '414' then 1000 else 1 end)::numeric(38, 4)::text
  from purse_db.purse where owner_kind = 'H' group by currency
union all select 'failures: ' || reason, 'all', count(*)::text from t where outcome = 'failed' group by reason
union all select 'busiest day', 'all', (select day || ' ' || count(*) from t group by day order by count(*) desc, day limit 1)
union all select 'paying customers', 'all', count(distinct giver)::text from t where outcome = 'completed' and sides in ('HH', 'HS', 'HO')
order by 1, 2;
