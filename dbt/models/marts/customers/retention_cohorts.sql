with activity_months as (
  select
    user_id,
    cast(date_trunc('month', activity_date) as date) as activity_month,
    bool_or(is_transacting) as is_transacting,
    sum(fee_amount_reporting) as fee_amount_reporting
  from {{ ref('user_activity_daily') }}
  group by user_id, activity_month
),

first_data as (
  select min(activity_month) as activity_month
  from activity_months
),

cohorts as (
  select
    signup_month as cohort_month,
    count(*) as cohort_users
  from {{ ref('dim_users') }}
  where signup_month is not null
  group by signup_month
),

observed as (
  select
    users.signup_month as cohort_month,
    activity_months.activity_month,
    count(*) as active_users,
    count(*) filter (where activity_months.is_transacting) as transacting_users,
    sum(activity_months.fee_amount_reporting) as fee_amount_reporting
  from activity_months
  inner join {{ ref('dim_users') }} as users on activity_months.user_id = users.user_id
  group by users.signup_month, activity_months.activity_month
),

months as (
  select
    month_start as activity_month,
    bool_or(is_month_end) as is_complete_month
  from {{ ref('dim_dates') }}
  group by month_start
)

select
  cohorts.cohort_month,
  cast(
    12 * (extract(year from months.activity_month) - extract(year from cohorts.cohort_month))
    + extract(month from months.activity_month) - extract(month from cohorts.cohort_month) as integer
  ) as months_since_signup,
  months.activity_month,
  cohorts.cohort_users,
  coalesce(observed.active_users, 0) as active_users,
  coalesce(observed.transacting_users, 0) as transacting_users,
  -- Before the first activity of anybody there is no data to be absent from: no share, not 0.
  case
    when months.activity_month >= first_data.activity_month
      then {{ ratio('coalesce(observed.active_users, 0)', 'cohorts.cohort_users') }}
  end as retention_rate,
  case
    when months.activity_month >= first_data.activity_month
      then {{ ratio('coalesce(observed.transacting_users, 0)', 'cohorts.cohort_users') }}
  end as transacting_rate,
  cast(coalesce(observed.fee_amount_reporting, 0) as numeric(38, 6)) as fee_amount_reporting,
  {{ ratio('coalesce(sum(observed.fee_amount_reporting) over cohort_so_far, 0)', 'cohorts.cohort_users') }}
    as lifetime_fees_per_user,
  months.is_complete_month
from cohorts
cross join first_data
inner join months on cohorts.cohort_month <= months.activity_month
left join observed
  on cohorts.cohort_month = observed.cohort_month and months.activity_month = observed.activity_month
window cohort_so_far as (partition by cohorts.cohort_month order by months.activity_month)
