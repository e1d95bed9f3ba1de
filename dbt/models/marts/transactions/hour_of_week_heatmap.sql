with busy as (
  select
    iso_day_of_week,
    hour_of_day,
    transaction_type,
    currency,
    cast(sum(transaction_count) as bigint) as transaction_count,
    sum(gross_amount) as gross_amount,
    sum(gross_amount_reporting) as gross_amount_reporting
  from {{ ref('hourly_transaction_summary') }}
  where transaction_status = 'completed'
  group by iso_day_of_week, hour_of_day, transaction_type, currency
),

weekdays as (
  select
    iso_day_of_week,
    day_name,
    count(*) as days_observed
  from {{ ref('dim_dates') }}
  -- The calendar begins with the first sign-up, months before there may be any trade.
  where
    date_day >= (
      select min(summary.transaction_date) from {{ ref('hourly_transaction_summary') }} as summary
      where summary.transaction_status = 'completed'
    )
  group by iso_day_of_week, day_name
),

kinds as (
  select distinct
    transaction_type,
    currency
  from busy
),

cells as (
  select
    weekdays.iso_day_of_week,
    weekdays.day_name,
    weekdays.days_observed,
    hours.hour_of_day,
    kinds.transaction_type,
    kinds.currency
  from weekdays
  cross join generate_series(0, 23) as hours (hour_of_day)
  cross join kinds
)

select
  cells.iso_day_of_week,
  cells.day_name,
  cells.hour_of_day,
  cells.transaction_type,
  cells.currency,
  coalesce(busy.transaction_count, 0) as transaction_count,
  coalesce(busy.gross_amount, 0) as gross_amount,
  coalesce(busy.gross_amount_reporting, 0) as gross_amount_reporting,
  cells.days_observed,
  {{ ratio('coalesce(busy.transaction_count, 0)', 'cells.days_observed') }} as average_transaction_count,
  {{ ratio(
    'coalesce(busy.transaction_count, 0)',
    'sum(busy.transaction_count) over (partition by cells.transaction_type, cells.currency)'
  ) }} as share_of_week
from cells
left join busy
  on
    cells.iso_day_of_week = busy.iso_day_of_week
    and cells.hour_of_day = busy.hour_of_day
    and cells.transaction_type = busy.transaction_type
    and cells.currency = busy.currency
