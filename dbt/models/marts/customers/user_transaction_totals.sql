{#
  What the transactions of a customer add up to, whatever the day: the part of spending patterns and funnel that costs a scan
  of the fact. Between runs, new transactions are added to what a customer had; only customers with a transaction that changed
  or went away are summed up again. A merchant counts once, so it is looked up whether the customer paid there before.
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
      user_id = any(array(select user_id from recomputed))
      or transaction_id = any(array(select transaction_id from added))
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
  {# What was pending counted nowhere, so a transaction that settles is as good as a new one. #}
  changed as materialized (
    select
      transaction_id,
      (array_agg(user_id))[1] as user_id,
      bool_or(image = 'before' and (transaction_status in ('completed', 'failed') or change = 'deleted'))
      or count(distinct coalesce(cast(user_id as text), '')) > 1 as was_counted
    from {{ changes }}
    where changed_at > {{ since }}
    group by transaction_id
  ),

  recomputed as materialized (
    select distinct changes.user_id
    from {{ changes }} as changes
    inner join changed on changes.transaction_id = changed.transaction_id
    where changes.changed_at > {{ since }} and changed.was_counted and changes.user_id is not null
  ),

  added as materialized (
    select
      transaction_id,
      user_id
    from changed
    where not was_counted and user_id is not null and user_id not in (select user_id from recomputed)
  ),

  known as materialized (
    select * from {{ this }}
    where user_id in (select user_id from added)
  ),
{% endif %}
transactions as {{ 'materialized' if is_incremental() else 'not materialized' }} (
  select
    transaction_id,
    transaction_type,
    transaction_status,
    user_id,
    transaction_date,
    created_at,
    channel,
    merchant_id,
    merchant_category,
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
    count(*) as payment_count,
    sum(amount_reporting) as amount_reporting
  from transactions
  where is_payment
  group by user_id, merchant_id, merchant_category
),

{% if is_incremental() -%}
  {# Where all payments to a merchant are new ones, so is the merchant. #}
  new_merchants as (
    select
      user_id,
      count(merchant_id) as merchant_count
    from merchant_spend
    where user_id in (select user_id from recomputed)
    group by user_id
    union all
    select
      spend.user_id,
      count(*) as merchant_count
    from merchant_spend as spend
    cross join
      lateral (
        select count(*) as payment_count
        from {{ ref('fct_transactions') }} as paid
        where
          paid.user_id = spend.user_id
          and paid.merchant_id = spend.merchant_id
          and paid.transaction_type = 'payment'
          and paid.transaction_status = 'completed'
      ) as ever
    where
      ever.payment_count = spend.payment_count
      and spend.user_id not in (select user_id from recomputed)
    group by spend.user_id
  ),

{% endif -%}
category_spend as (
  select
    user_id,
    merchant_category,
    sum(amount_reporting) as amount_reporting
  from (
    select
      user_id,
      merchant_category,
      amount_reporting
    from merchant_spend
    {%- if is_incremental() %}
      union all
      select
        known.user_id,
        amounts.key as merchant_category,
        cast(amounts.value as numeric) as amount_reporting
      from known
      cross join lateral jsonb_each_text(known.category_amounts) as amounts
    {%- endif %}
  ) as parts
  group by user_id, merchant_category
),

categories as (
  select
    user_id,
    count(*) as category_count,
    jsonb_object_agg(merchant_category, amount_reporting) as category_amounts,
    max(amount_reporting) as top_amount_reporting,
    sum(amount_reporting) as all_amount_reporting,
    (array_agg(merchant_category order by amount_reporting desc nulls last, merchant_category asc))[1] as top_category
  from category_spend
  group by user_id
),

merchants as (
  {% if is_incremental() -%}
    select
      user_id,
      cast(sum(merchant_count) as bigint) as merchant_count
    from (
      select
        user_id,
        merchant_count
      from new_merchants
      union all
      select
        user_id,
        merchant_count
      from known
    ) as parts
  {%- else -%}
    select
      user_id,
      count(merchant_id) as merchant_count
    from merchant_spend
  {%- endif %}
  group by user_id
)

select
  totals.*,
  first_payments.first_payment_at,
  first_payments.second_payment_at,
  categories.top_category,
  {{ ratio('categories.top_amount_reporting', 'categories.all_amount_reporting') }} as top_category_share,
  coalesce(categories.category_count, 0) as category_count,
  coalesce(categories.category_amounts, '{}') as category_amounts,
  coalesce(merchants.merchant_count, 0) as merchant_count,
  {{ changes_until([changes]) }} as changes_until
from totals
left join first_payments on totals.user_id = first_payments.user_id
left join categories on totals.user_id = categories.user_id
left join merchants on totals.user_id = merchants.user_id
