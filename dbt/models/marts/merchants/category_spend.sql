{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {'key': 'transaction_date', 'logs': ['int_transaction_changes']}},
    indexes=[{'columns': ['transaction_date']}]
  )
}}

{# By customer and merchant first: what remains to be counted distinctly is far less than every payment. #}
with pairs as (
  select
    transaction_date,
    coalesce(merchant_category, 'unmapped') as merchant_category,
    currency,
    user_id,
    merchant_id,
    count(*) filter (where transaction_type = 'payment') as payment_count,
    coalesce(sum(amount) filter (where transaction_type = 'payment'), 0) as gross_amount,
    count(*) filter (where transaction_type = 'refund') as refund_count,
    coalesce(sum(amount) filter (where transaction_type = 'refund'), 0) as refund_amount,
    coalesce(sum(amount_reporting) filter (where transaction_type = 'payment'), 0) as gross_amount_reporting,
    coalesce(sum(net_amount_reporting), 0) as net_amount_reporting
  from {{ ref('fct_transactions') }}
  where
    transaction_status = 'completed'
    and transaction_type in ('payment', 'refund')
    {% if is_incremental() %}
      and transaction_date in ({{ changed_dates(this) }})
    {% endif %}
  group by transaction_date, merchant_category, currency, user_id, merchant_id
),

categories as (
  select
    transaction_date,
    merchant_category,
    currency,
    cast(sum(payment_count) as bigint) as payment_count,
    sum(gross_amount) as gross_amount,
    cast(sum(refund_count) as bigint) as refund_count,
    sum(refund_amount) as refund_amount,
    sum(gross_amount_reporting) as gross_amount_reporting,
    sum(net_amount_reporting) as net_amount_reporting,
    count(distinct user_id) filter (where payment_count > 0) as paying_users,
    count(distinct merchant_id) filter (where payment_count > 0) as merchant_count
  from pairs
  group by transaction_date, merchant_category, currency
)

select
  transaction_date,
  merchant_category,
  currency,
  payment_count,
  gross_amount,
  refund_count,
  refund_amount,
  gross_amount - refund_amount as net_amount,
  gross_amount_reporting,
  net_amount_reporting,
  paying_users,
  merchant_count,
  {{ ratio('gross_amount', 'payment_count', 4) }} as average_basket,
  {{ ratio('gross_amount', 'sum(gross_amount) over (partition by transaction_date, currency)') }} as share_of_day,
  {{ changes_until([ref('int_transaction_changes')]) }} as changes_until
from categories
