{#
  What the transactions of a customer add up to, whatever the day: the part of spending patterns and funnel that costs a scan
  of the fact. Between runs, new transactions are added to what a customer had. Only customers with a transaction that changed
  or went away are summed up anew, and categories for those who paid, as a share cannot be added to.
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

{%- set changes = ref('int_transaction_changes') -%}
{%- set changed_only -%}
  {%- if is_incremental() %}
    -- Arrays, so that both are looked up in the fact's indexes.
    and (
      user_id = any(array(select user_id from summed_anew))
      or transaction_id = any(array(select transaction_id from inserted))
    )
  {%- endif %}
{%- endset -%}
{%- set paid_only -%}
  {%- if is_incremental() %}
    and (
      user_id in (select user_id from summed_anew)
      or user_id in (select user_id from transactions where is_payment)
    )
  {%- endif %}
{%- endset -%}
{#- What is added up. -#}
{%- set dates = ['first_transaction_date', 'last_transaction_date', 'first_top_up_at'] -%}
{%- set counts = ['completed_count', 'frequency', 'weekend_count', 'night_count', 'failed_count'] -%}
{%- set sums = ['monetary_amount_reporting', 'fee_amount_reporting'] -%}
{%- for type in ['payment', 'refund', 'transfer', 'withdrawal', 'top_up'] -%}
  {%- do counts.append(type ~ '_count') -%}
  {%- do sums.append(type ~ '_amount_reporting') -%}
{%- endfor -%}
{%- for channel in channels() -%}{%- do counts.append(channel ~ '_count') -%}{%- endfor -%}

with
{%- if is_incremental() %}
  {%- set since = built_until(this) %}
  summed_anew as materialized (
    select distinct user_id
    from {{ changes }}
    where changed_at > {{ since }} and change != 'inserted' and user_id is not null
  ),

  inserted as materialized (
    select distinct
      transaction_id,
      user_id
    from {{ changes }}
    where
      changed_at > {{ since }}
      and change = 'inserted'
      and user_id is not null
      and user_id not in (select user_id from summed_anew)
  ),

  known as materialized (
    select * from {{ this }}
    where user_id in (select user_id from inserted)
  ),
{% endif %}
transactions as {{ 'materialized' if is_incremental() }} (
  select
    transaction_id,
    transaction_type,
    transaction_status,
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
  where user_id is not null {{ changed_only }}
),

fresh_totals as (
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

totals as (
  {%- if is_incremental() %}
    select
      user_id,
      {%- for column in counts %}
        cast(sum({{ column }}) as bigint) as {{ column }},
      {%- endfor %}
      {%- for column in sums %}
        sum({{ column }}) as {{ column }},
      {%- endfor %}
      min(first_transaction_date) as first_transaction_date,
      max(last_transaction_date) as last_transaction_date,
      min(first_top_up_at) as first_top_up_at
    from (
      select user_id, {{ (dates + counts + sums) | join(', ') }} from fresh_totals
      union all
      select user_id, {{ (dates + counts + sums) | join(', ') }} from known
    ) as parts
    group by user_id
  {%- else %}
    select * from fresh_totals
  {%- endif %}
),

payments as (
  select
    user_id,
    created_at
  from {{ 'transactions' if is_incremental() else ref('fct_transactions') }}
  where transaction_type = 'payment' and transaction_status = 'completed' and user_id is not null
  {%- for column in ['first_payment_at', 'second_payment_at'] if is_incremental() %}
    union all
    select
      user_id,
      {{ column }} as created_at
    from known
    where {{ column }} is not null
  {%- endfor %}
),

numbered_payments as (
  select
    user_id,
    created_at,
    row_number() over (partition by user_id order by created_at) as payment_number
  from payments
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
  where
    transaction_type = 'payment'
    and transaction_status = 'completed'
    and user_id is not null {{ paid_only }}
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
  {% if is_incremental() -%}
    coalesce(categories.top_category, known.top_category) as top_category,
    case
      when categories.user_id is null then known.top_category_share
      else {{ ratio('categories.top_amount_reporting', 'categories.all_amount_reporting') }}
    end as top_category_share,
    coalesce(categories.category_count, known.category_count, 0) as category_count,
    coalesce(categories.merchant_count, known.merchant_count, 0) as merchant_count,
  {%- else -%}
    categories.top_category,
    {{ ratio('categories.top_amount_reporting', 'categories.all_amount_reporting') }} as top_category_share,
    coalesce(categories.category_count, 0) as category_count,
    coalesce(categories.merchant_count, 0) as merchant_count,
  {%- endif %}
  {{ changes_until([changes]) }} as changes_until
from totals
left join first_payments on totals.user_id = first_payments.user_id
left join categories on totals.user_id = categories.user_id
{% if is_incremental() %}
  left join known on totals.user_id = known.user_id
{% endif %}
