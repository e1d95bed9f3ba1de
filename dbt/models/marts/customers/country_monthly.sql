{#
  Customers of each country by month: how many there are, how many of them trade, what they bring and how often it works. The
  country is the one that the customer is registered in now; where the wallet has none, it is unknown.
#}
with users as (
  select
    user_id,
    coalesce(country, 'unknown') as country,
    signup_month
  from {{ ref('dim_users') }}
),

months as (
  select
    user_id,
    cast(date_trunc('month', activity_date) as date) as month_start,
    bool_or(is_transacting) as is_transacting,
    sum(completed_transaction_count) as completed_count,
    sum(failed_transaction_count) as failed_count,
    sum(spend_amount_reporting) as spend_reporting,
    sum(fee_amount_reporting) as fee_reporting
  from {{ ref('user_activity_daily') }}
  group by user_id, month_start
),

observed as (
  select
    users.country,
    months.month_start,
    count(*) as active_users,
    count(*) filter (where months.is_transacting) as transacting_users,
    sum(months.completed_count) as completed_count,
    sum(months.failed_count) as failed_count,
    sum(months.spend_reporting) as spend_reporting,
    sum(months.fee_reporting) as fee_reporting
  from months
  inner join users on months.user_id = users.user_id
  group by users.country, months.month_start
),

calendar as (
  select
    month_start,
    bool_or(is_month_end) as is_complete_month
  from {{ ref('dim_dates') }}
  where month_start >= (select min(months.month_start) from months)
  group by month_start
),

registered as (
  select
    calendar.month_start,
    calendar.is_complete_month,
    users.country,
    count(*) as registered_users
  from calendar
  -- Without a day of sign-up a customer was always there.
  inner join users on calendar.month_start >= coalesce(users.signup_month, '-infinity')
  group by calendar.month_start, calendar.is_complete_month, users.country
)

select
  registered.month_start,
  registered.country,
  registered.is_complete_month,
  registered.registered_users,
  coalesce(observed.active_users, 0) as active_users,
  coalesce(observed.transacting_users, 0) as transacting_users,
  {{ ratio('coalesce(observed.transacting_users, 0)', 'registered.registered_users') }} as activity_rate,
  cast(coalesce(observed.completed_count, 0) as bigint) as completed_transaction_count,
  cast(coalesce(observed.failed_count, 0) as bigint) as failed_transaction_count,
  {{ ratio('observed.completed_count', 'observed.completed_count + observed.failed_count') }} as success_rate,
  cast(coalesce(observed.spend_reporting, 0) as numeric(38, 6)) as spend_amount_reporting,
  cast(coalesce(observed.fee_reporting, 0) as numeric(38, 6)) as fee_amount_reporting,
  {{ ratio('observed.fee_reporting', 'observed.transacting_users') }} as fees_per_active_user
from registered
left join observed on registered.country = observed.country and registered.month_start = observed.month_start
