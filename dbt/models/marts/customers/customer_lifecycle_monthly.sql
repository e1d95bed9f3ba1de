{#
  Who came, stayed, came back and left, by month of completed transactions. A customer who left is counted in the first month
  without one, so that active customers are those of the month before, and who is new or came back, less who left.
#}
with months as (
  select distinct
    user_id,
    cast(date_trunc('month', activity_date) as date) as month_start
  from {{ ref('user_activity_daily') }}
  where is_transacting
),

neighbours as (
  select
    user_id,
    month_start,
    lag(month_start) over own_months as month_before,
    lead(month_start) over own_months as month_after
  from months
  window own_months as (partition by user_id order by month_start)
),

steps as (
  select
    month_start,
    1 as active,
    cast(month_before is null as integer) as is_new,
    cast(coalesce(month_before = month_start - interval '1 month', false) as integer) as is_retained,
    cast(coalesce(month_before < month_start - interval '1 month', false) as integer) as is_reactivated,
    0 as is_churned
  from neighbours
  union all
  select
    cast(month_start + interval '1 month' as date) as month_start,
    0 as active,
    0 as is_new,
    0 as is_retained,
    0 as is_reactivated,
    1 as is_churned
  from neighbours
  where month_after is null or month_after > month_start + interval '1 month'
),

counted as (
  select
    month_start,
    cast(sum(active) as bigint) as active_users,
    cast(sum(is_new) as bigint) as new_users,
    cast(sum(is_retained) as bigint) as retained_users,
    cast(sum(is_reactivated) as bigint) as reactivated_users,
    cast(sum(is_churned) as bigint) as churned_users
  from steps
  group by month_start
),

trade as (
  select
    cast(date_trunc('month', transaction_date) as date) as month_start,
    sum(fee_amount_reporting) as fee_amount_reporting,
    coalesce(sum(net_amount_reporting) filter (where transaction_type in ('payment', 'refund')), 0)
      as payment_volume_reporting,
    coalesce(sum(fee_amount_reporting) filter (where transaction_type in ('payment', 'refund')), 0)
      as payment_fee_reporting
  from {{ ref('daily_transaction_summary') }}
  where transaction_status = 'completed'
  group by month_start
),

calendar as (
  select
    month_start,
    bool_or(is_month_end) as is_complete_month
  from {{ ref('dim_dates') }}
  where month_start >= (select min(months.month_start) from months)
  group by month_start
)

select
  calendar.month_start,
  calendar.is_complete_month,
  coalesce(counted.active_users, 0) as active_users,
  coalesce(counted.new_users, 0) as new_users,
  coalesce(counted.retained_users, 0) as retained_users,
  coalesce(counted.reactivated_users, 0) as reactivated_users,
  coalesce(counted.churned_users, 0) as churned_users,
  {{ ratio('counted.churned_users', 'counted.retained_users + counted.churned_users') }} as churn_rate,
  cast(coalesce(trade.fee_amount_reporting, 0) as numeric(38, 6)) as fee_amount_reporting,
  cast(coalesce(trade.payment_volume_reporting, 0) as numeric(38, 6)) as payment_volume_reporting,
  {{ ratio('trade.fee_amount_reporting', 'counted.active_users') }} as fees_per_active_user,
  {{ ratio('trade.payment_fee_reporting', 'trade.payment_volume_reporting') }} as take_rate
from calendar
left join counted on calendar.month_start = counted.month_start
left join trade on calendar.month_start = trade.month_start
