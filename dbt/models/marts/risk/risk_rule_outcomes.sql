{#
  How often a rule is right, as far as the wallet tells: of the customers that it flagged in a month, who was suspended or had a
  payment charged back within risk_outcome_days. A wallet that has neither says nothing of its rules, rather than that all are wrong.
  Recent months are not ripe: disputes take weeks.
#}
with flagged as (
  select
    cast(date_trunc('month', signal_date) as date) as month_start,
    signal_type,
    user_id,
    count(*) as signal_count,
    sum(amount_reporting) as amount_reporting,
    min(window_start) as first_signal_at
  from {{ ref('risk_signals') }}
  where user_id is not null
  group by month_start, signal_type, user_id
),

chargebacks as (
  select
    user_id,
    created_at,
    amount_reporting
  from {{ ref('fct_transactions') }}
  where return_kind = 'chargeback' and transaction_status = 'completed'
),

known as (
  select
    exists (select from chargebacks)
    or exists (
      select from {{ ref('dim_users') }} as users
      where users.user_status = 'suspended'
    ) as is_known
),

outcomes as (
  select
    flagged.month_start,
    flagged.signal_type,
    flagged.user_id,
    flagged.signal_count,
    flagged.amount_reporting,
    coalesce(users.user_status = 'suspended', false) as is_suspended,
    count(chargebacks.created_at) as chargeback_count,
    sum(chargebacks.amount_reporting) as chargeback_reporting
  from flagged
  left join {{ ref('dim_users') }} as users on flagged.user_id = users.user_id
  left join chargebacks
    on
      flagged.user_id = chargebacks.user_id
      and chargebacks.created_at >= flagged.first_signal_at
      and chargebacks.created_at < flagged.first_signal_at + interval '{{ var("risk_outcome_days") }} days'
  group by
    flagged.month_start,
    flagged.signal_type,
    flagged.user_id,
    flagged.signal_count,
    flagged.amount_reporting,
    users.user_status
),

counted as (
  select
    month_start,
    signal_type,
    cast(sum(signal_count) as bigint) as signal_count,
    count(*) as flagged_users,
    count(*) filter (where is_suspended) as suspended_users,
    count(*) filter (where chargeback_count > 0) as charged_back_users,
    count(*) filter (where is_suspended or chargeback_count > 0) as confirmed_users,
    coalesce(sum(amount_reporting), 0) as amount_reporting,
    coalesce(sum(chargeback_reporting), 0) as chargeback_reporting
  from outcomes
  group by month_start, signal_type
)

select
  counted.month_start,
  counted.signal_type,
  counted.signal_count,
  counted.flagged_users,
  counted.suspended_users,
  counted.charged_back_users,
  case when known.is_known then counted.confirmed_users end as confirmed_users,
  case when known.is_known then {{ ratio('counted.confirmed_users', 'counted.flagged_users') }} end as precision_rate,
  cast(counted.amount_reporting as numeric(38, 6)) as amount_reporting,
  cast(counted.chargeback_reporting as numeric(38, 6)) as chargeback_amount_reporting
from counted
cross join known
