{#
  What the transactions of a customer add up to, whatever the day: the part of spending patterns and funnel that costs a scan
  of the fact, kept between runs and written again for the customers whose transactions changed.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {'key': 'user_id', 'logs': ['int_transaction_changes']}},
    indexes=[{'columns': ['user_id'], 'unique': true}]
  )
}}

{%- set relevant -%}
  user_id is not null
  {%- if is_incremental() %}
    and user_id in ({{ changed_keys(this, [ref('int_transaction_changes')], 'user_id') }})
  {%- endif %}
{%- endset %}

with transactions as (
  select
    user_id,
    transaction_date,
    created_at,
    channel,
    amount_reporting,
    fee_amount_reporting,
    net_amount_reporting,
    transaction_status = 'completed' as is_completed,
    transaction_status = 'failed' as is_failed,
    transaction_status = 'completed' and {{ is_spending() }} as is_spent,
    transaction_status = 'completed' and source_user_id = user_id as is_paid_by_user,
    transaction_status = 'completed' and iso_day_of_week >= 6 as is_on_weekend,
    transaction_status = 'completed'
    and (hour_of_day >= {{ var('night_starts_hour') }} or hour_of_day < {{ var('night_ends_hour') }}) as is_at_night,
    {%- for type in ['payment', 'refund', 'withdrawal', 'top_up'] %}
      transaction_status = 'completed' and transaction_type = '{{ type }}' as is_{{ type }},
    {%- endfor %}
    transaction_status = 'completed' and transaction_type = 'transfer' and not is_internal_transfer as is_transfer
  from {{ ref('fct_transactions') }}
  where {{ relevant }}
),

totals as (
  select
    user_id,
    min(transaction_date) filter (where is_completed) as first_transaction_date,
    max(transaction_date) filter (where is_completed) as last_transaction_date,
    min(created_at) filter (where is_top_up) as first_top_up_at,
    count(*) filter (where is_completed) as completed_count,
    count(*) filter (where is_spent and not is_refund) as frequency,
    coalesce(sum(net_amount_reporting) filter (where is_spent), 0) as monetary_amount_reporting,
    {%- for type in ['payment', 'refund', 'transfer', 'withdrawal', 'top_up'] %}
      count(*) filter (where is_{{ type }}) as {{ type }}_count,
      coalesce(sum(amount_reporting) filter (where is_{{ type }}), 0) as {{ type }}_amount_reporting,
    {%- endfor %}
    coalesce(sum(fee_amount_reporting) filter (where is_paid_by_user), 0) as fee_amount_reporting,
    {%- for channel in channels() %}
      count(*) filter (where is_completed and channel = '{{ channel }}') as {{ channel }}_count,
    {%- endfor %}
    count(*) filter (where is_on_weekend) as weekend_count,
    count(*) filter (where is_at_night) as night_count,
    count(*) filter (where is_failed) as failed_count
  from transactions
  group by user_id
),

numbered_payments as (
  select
    user_id,
    created_at,
    row_number() over (partition by user_id order by created_at, transaction_id) as payment_number
  from {{ ref('fct_transactions') }}
  where transaction_type = 'payment' and transaction_status = 'completed' and {{ relevant }}
),

first_payments as (
  select
    user_id,
    min(created_at) as first_payment_at,
    max(created_at) filter (where payment_number = 2) as second_payment_at
  from numbered_payments
  where payment_number <= 2
  group by user_id
),

merchant_spend as (
  select
    user_id,
    merchant_id,
    coalesce(merchant_category, 'unmapped') as merchant_category,
    sum(amount_reporting) as amount_reporting
  from {{ ref('fct_transactions') }}
  where transaction_type = 'payment' and transaction_status = 'completed' and {{ relevant }}
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
)

select
  totals.*,
  first_payments.first_payment_at,
  first_payments.second_payment_at,
  categories.top_category,
  {{ ratio('categories.top_amount_reporting', 'categories.all_amount_reporting') }} as top_category_share,
  coalesce(categories.category_count, 0) as category_count,
  coalesce(categories.merchant_count, 0) as merchant_count,
  {{ changes_until([ref('int_transaction_changes')]) }} as changes_until
from totals
left join first_payments on totals.user_id = first_payments.user_id
left join categories on totals.user_id = categories.user_id
