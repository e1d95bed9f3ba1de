-- What the e-wallet's own database counts and sums, for the checks rows_match_source and amounts_match_source of
-- marts.reconciliation. Run it there, and land the rows in the warehouse as raw.control_totals (beside a replica's
-- tables, where one is read), with the columns named as here. The newest measured_at of a stream and currency counts:
--   psql "$EWALLET" -c "copy ($(cat control-totals.sql)) to stdout" \
--     | psql "$WAREHOUSE" -c 'copy raw.control_totals from stdin'
select
  'transactions' as stream,
  cast(currency as text) as currency,
  count(*) as row_count,
  sum(amount) as amount,
  now() as measured_at
from transactions
group by currency
union all
select
  'wallets' as stream,
  cast(currency as text) as currency,
  count(*) as row_count,
  sum(balance) as amount,
  now() as measured_at
from wallets
group by currency
union all
select
  'users' as stream,
  null as currency,
  count(*) as row_count,
  null as amount,
  now() as measured_at
from users
union all
select
  'merchants' as stream,
  null as currency,
  count(*) as row_count,
  null as amount,
  now() as measured_at
from merchants
