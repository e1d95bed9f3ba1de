with milestones as (
  select
    users.user_id,
    users.signup_month as cohort_month,
    users.signed_up_at,
    users.kyc_verified_at,
    totals.first_top_up_at,
    totals.first_payment_at,
    totals.second_payment_at
  from {{ ref('dim_users') }} as users
  left join {{ ref('user_transaction_totals') }} as totals on users.user_id = totals.user_id
  where users.signup_month is not null
),

{# greatest() skips nulls, so each step asks for all before it. #}
reached as (
  select
    milestones.cohort_month,
    steps.step_number,
    steps.step_name,
    case
      when steps.is_reached then extract(epoch from steps.step_at - milestones.signed_up_at) / 86400
    end as days_from_signup,
    steps.is_reached
  from milestones
  cross join
    lateral (
      values
      (1, 'signed_up', signed_up_at, true),
      (2, 'kyc_verified', kyc_verified_at, kyc_verified_at is not null),
      (3, 'first_top_up', first_top_up_at, kyc_verified_at is not null and first_top_up_at is not null),
      (
        4, 'first_payment', first_payment_at,
        kyc_verified_at is not null and first_top_up_at is not null and first_payment_at is not null
      ),
      (
        5, 'repeat_payment', second_payment_at,
        kyc_verified_at is not null and first_top_up_at is not null and second_payment_at is not null
      )
    ) as steps (step_number, step_name, step_at, is_reached)
),

counted as (
  select
    cohort_month,
    step_number,
    step_name,
    count(*) as cohort_users,
    count(*) filter (where is_reached) as reached_users,
    array_agg(days_from_signup order by days_from_signup) filter (where is_reached) as ordered_days
  from reached
  group by cohort_month, step_number, step_name
)

select
  cohort_month,
  step_number,
  step_name,
  cohort_users,
  reached_users,
  {{ ratio('reached_users', 'cohort_users') }} as conversion_from_signup,
  {{ ratio('reached_users', 'lag(reached_users) over (partition by cohort_month order by step_number)') }}
    as conversion_from_previous,
  cast({{ exact_percentile('ordered_days', 0.5) }} as numeric(20, 6)) as median_days_from_signup
from counted
