{#
  What the business has set out to reach in a month beside what became of it. A month that is not over is compared with the part of
  its target that is due by the last day of data; a month without data has no actual value rather than none of anything.
#}
with actuals as (
  select
    month_start,
    'payment_volume' as metric,
    sum(payment_volume_reporting) as actual
  from {{ ref('revenue_monthly') }}
  group by month_start
  union all
  select
    month_start,
    'fees' as metric,
    sum(fee_reporting) as actual
  from {{ ref('revenue_monthly') }}
  group by month_start
  union all
  select
    month_start,
    'active_customers' as metric,
    active_users as actual
  from {{ ref('customer_lifecycle_monthly') }}
  union all
  select
    month_start,
    'new_customers' as metric,
    new_users as actual
  from {{ ref('customer_lifecycle_monthly') }}
  union all
  select
    signup_month as month_start,
    'sign_ups' as metric,
    count(*) as actual
  from {{ ref('dim_users') }}
  group by signup_month
),

months as (
  select
    targets.month_start,
    targets.metric,
    targets.target,
    targets.metric in ('payment_volume', 'fees', 'active_customers', 'new_customers', 'sign_ups')
    and targets.month_start <= bounds.last_date
    and targets.month_start >= date_trunc('month', bounds.first_date) as has_data,
    cast(targets.month_start + interval '1 month' as date) - targets.month_start as days_in_month,
    greatest(bounds.last_date - targets.month_start + 1, 0) as days_over
  from {{ ref('stg_ewallet__targets') }} as targets
  cross join {{ ref('int_date_bounds') }} as bounds
),

compared as (
  select
    months.month_start,
    months.metric,
    months.target,
    case when months.has_data then coalesce(actuals.actual, 0) end as actual,
    months.days_over >= months.days_in_month as is_complete_month,
    least(months.days_over, months.days_in_month) / cast(months.days_in_month as numeric) as elapsed
  from months
  left join actuals on months.month_start = actuals.month_start and months.metric = actuals.metric
)

select
  month_start,
  metric,
  target,
  cast(actual as numeric(38, 6)) as actual,
  is_complete_month,
  round(elapsed, 6) as elapsed_rate,
  {{ ratio('actual', 'target') }} as attainment_rate,
  -- A customer is active once, on the first day that they trade: half a month has more than half of its customers.
  case
    when metric <> 'active_customers' or is_complete_month then {{ ratio('actual', 'target * elapsed') }}
  end as pace_rate,
  case when is_complete_month then actual >= target end as is_met
from compared
