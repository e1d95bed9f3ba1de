{# Open on the last day of data, not at the clock: a run gives the same result whenever it runs. #}
with open_transactions as (
  select
    transactions.transaction_type,
    transactions.currency,
    transactions.is_held,
    transactions.amount,
    transactions.amount_reporting,
    transactions.created_at,
    bounds.last_date - transactions.transaction_date as age_days
  from {{ ref('fct_transactions') }} as transactions
  cross join {{ ref('int_date_bounds') }} as bounds
  where transactions.transaction_status = 'pending'
)

select
  bands.age_band_number,
  bands.age_band,
  open_transactions.transaction_type,
  open_transactions.currency,
  coalesce(open_transactions.is_held, false) as is_held,
  count(*) as transaction_count,
  cast(sum(open_transactions.amount) as {{ var('money_type') }}) as amount,
  cast(sum(open_transactions.amount_reporting) as numeric(38, 6)) as amount_reporting,
  min(open_transactions.created_at) as oldest_created_at
from open_transactions
inner join (
  values
  (1, 'under 1 day', 0, 1),
  (2, '1 to 2 days', 1, 3),
  (3, '3 to 6 days', 3, 7),
  (4, '7 to 29 days', 7, 30),
  (5, '30 days and more', 30, 1000000)
) as bands (age_band_number, age_band, from_days, until_days)
  on open_transactions.age_days >= bands.from_days and open_transactions.age_days < bands.until_days
group by
  bands.age_band_number,
  bands.age_band,
  open_transactions.transaction_type,
  open_transactions.currency,
  coalesce(open_transactions.is_held, false)
