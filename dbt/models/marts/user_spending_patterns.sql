{%- set channels = ['app', 'web', 'qr', 'agent', 'bank_transfer', 'card', 'api'] -%}
with transactions as (
  select
    *,
    transaction_status = 'completed' as is_completed,
    transaction_status = 'completed' and {{ is_spending() }} as is_spent
  from {{ ref('fct_transactions') }}
  where user_id is not null
),

totals as (
  select
    user_id,
    min(transaction_date) filter (where is_completed) as first_transaction_date,
    max(transaction_date) filter (where is_completed) as last_transaction_date,
    count(*) filter (where is_completed) as completed_count,
    count(*) filter (where is_spent and transaction_type != 'refund') as frequency,
    coalesce(sum(net_amount_reporting) filter (where is_spent), 0) as monetary_amount_reporting,
    {%- for type in ['payment', 'refund', 'transfer', 'withdrawal', 'top_up'] %}
    {%- set counts = "transaction_type = '" ~ type ~ "' and is_completed"
      ~ (' and not is_internal_transfer' if type == 'transfer' else '') %}
      count(*) filter (where {{ counts }}) as {{ type }}_count,
      coalesce(sum(amount_reporting) filter (where {{ counts }}), 0) as {{ type }}_amount_reporting,
    {%- endfor %}
    coalesce(sum(fee_amount_reporting) filter (where is_completed and source_user_id = user_id), 0)
      as fee_amount_reporting,
    {%- for channel in channels %}
      count(*) filter (where is_completed and channel = '{{ channel }}') as {{ channel }}_count,
    {%- endfor %}
    count(*) filter (where is_completed and iso_day_of_week >= 6) as weekend_count,
    count(*) filter (
      where
      is_completed
      and (hour_of_day >= {{ var('night_starts_hour') }} or hour_of_day < {{ var('night_ends_hour') }})
    ) as night_count,
    count(*) filter (where transaction_status = 'failed') as failed_count
  from transactions
  group by user_id
),

active_days as (
  select
    user_id,
    count(*) as active_days
  from {{ ref('user_activity_daily') }}
  where is_transacting
  group by user_id
),

merchant_spend as (
  select
    user_id,
    merchant_id,
    coalesce(merchant_category, 'unmapped') as merchant_category,
    sum(amount_reporting) as amount_reporting
  from transactions
  where is_completed and transaction_type = 'payment'
  group by user_id, merchant_id, merchant_category
),

category_spend as (
  select
    user_id,
    merchant_category,
    count(merchant_id) as merchant_count,
    sum(amount_reporting) as amount_reporting
  from merchant_spend
  group by user_id, merchant_category
),

categories as (
  select
    user_id,
    count(*) as category_count,
    cast(sum(merchant_count) as bigint) as merchant_count,
    max(amount_reporting) as top_amount_reporting,
    sum(amount_reporting) as all_amount_reporting,
    (array_agg(merchant_category order by amount_reporting desc nulls last, merchant_category asc))[1] as top_category
  from category_spend
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
  from totals
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
  categories.top_category,
  {{ ratio('categories.top_amount_reporting', 'categories.all_amount_reporting') }} as top_category_share,
  coalesce(categories.category_count, 0) as category_count,
  coalesce(categories.merchant_count, 0) as merchant_count,
  case
    {%- for channel in channels | sort %}
      when
        customers.completed_count > 0 and customers.{{ channel }}_count = greatest(
          {%- for other in channels %}
            customers.{{ other }}_count{{ ',' if not loop.last }}
          {%- endfor %}
        ) then '{{ channel }}'
    {%- endfor %}
  end as top_channel,
  {%- for channel in channels %}
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
left join categories on customers.user_id = categories.user_id
left join {{ ref('rfm_segments') }} as segments
  on
    scored.recency_score between segments.recency_from and segments.recency_to
    and scored.frequency_score between segments.frequency_from and segments.frequency_to
