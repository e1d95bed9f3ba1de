with payments as (
  select
    user_id,
    created_at,
    row_number() over (partition by user_id order by created_at, transaction_id) as payment_number
  from {{ ref('fct_transactions') }}
  where transaction_type = 'payment' and transaction_status = 'completed' and user_id is not null
),

top_ups as (
  select
    user_id,
    min(created_at) as first_top_up_at
  from {{ ref('fct_transactions') }}
  where transaction_type = 'top_up' and transaction_status = 'completed'
  group by user_id
),

milestones as (
  select
    users.user_id,
    users.signup_month as cohort_month,
    users.signed_up_at,
    users.kyc_verified_at,
    top_ups.first_top_up_at,
    first_payments.created_at as first_payment_at,
    second_payments.created_at as second_payment_at
  from {{ ref('dim_users') }} as users
  left join top_ups on users.user_id = top_ups.user_id
  left join payments as first_payments
    on users.user_id = first_payments.user_id and first_payments.payment_number = 1
  left join payments as second_payments
    on users.user_id = second_payments.user_id and second_payments.payment_number = 2
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
