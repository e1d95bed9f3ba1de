with active_days as (
  select
    user_id,
    count(*) as active_days
  from {{ ref('user_activity_daily') }}
  where is_transacting
  group by user_id
),

as_of as (
  select last_date from {{ ref('int_date_bounds') }}
),

customers as (
  select
    totals.*,
    as_of.last_date as as_of_date,
    as_of.last_date - totals.last_transaction_date as recency_days
  from {{ ref('user_transaction_totals') }} as totals
  cross join as_of
),

{# Fifths by rank with the key as a tie-breaker, so that equal customers fall the same way in every run. #}
scored as (
  select
    user_id,
    ntile(5) over (order by recency_days desc, user_id asc) as recency_score,
    ntile(5) over (order by frequency, user_id) as frequency_score,
    ntile(5) over (order by monetary_amount_reporting, user_id) as monetary_score
  from customers
  where last_transaction_date is not null
)

select
  customers.user_id,
  customers.as_of_date,
  users.country,
  users.kyc_tier,
  customers.first_transaction_date,
  customers.last_transaction_date,
  customers.recency_days,
  customers.frequency,
  customers.monetary_amount_reporting,
  scored.recency_score,
  scored.frequency_score,
  scored.monetary_score,
  segments.segment as rfm_segment,
  customers.payment_count,
  customers.payment_amount_reporting,
  customers.refund_count,
  customers.refund_amount_reporting,
  customers.transfer_count,
  customers.transfer_amount_reporting,
  customers.withdrawal_count,
  customers.withdrawal_amount_reporting,
  customers.top_up_count,
  customers.top_up_amount_reporting,
  customers.fee_amount_reporting,
  {{ ratio('customers.top_up_amount_reporting', 'customers.monetary_amount_reporting') }} as top_up_to_spend_ratio,
  {{ ratio('customers.payment_amount_reporting', 'customers.payment_count') }} as average_basket_reporting,
  customers.top_category,
  customers.top_category_share,
  customers.category_count,
  customers.merchant_count,
  case
    {%- for channel in channels() | sort %}
      when
        customers.completed_count > 0 and customers.{{ channel }}_count = greatest(
          {%- for other in channels() %}
            customers.{{ other }}_count{{ ',' if not loop.last }}
          {%- endfor %}
        ) then '{{ channel }}'
    {%- endfor %}
  end as top_channel,
  {%- for channel in channels() %}
    {{ ratio('customers.' ~ channel ~ '_count', 'customers.completed_count') }} as {{ channel }}_share,
  {%- endfor %}
  {{ ratio('customers.weekend_count', 'customers.completed_count') }} as weekend_share,
  {{ ratio('customers.night_count', 'customers.completed_count') }} as night_share,
  customers.failed_count,
  coalesce(active_days.active_days, 0) as active_days,
  case
    when active_days.active_days > 1
      then {{ ratio(
        'customers.last_transaction_date - customers.first_transaction_date', 'active_days.active_days - 1'
      ) }}
  end as average_days_between_transactions,
  customers.recency_days > {{ var('dormancy_days') }} as is_dormant
from customers
left join scored on customers.user_id = scored.user_id
left join {{ ref('dim_users') }} as users on customers.user_id = users.user_id
left join active_days on customers.user_id = active_days.user_id
left join {{ ref('rfm_segments') }} as segments
  on
    scored.recency_score between segments.recency_from and segments.recency_to
    and scored.frequency_score between segments.frequency_from and segments.frequency_to
