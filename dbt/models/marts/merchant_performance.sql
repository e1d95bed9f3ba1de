{#
  Ranks and the month before need all months of all merchants, which are few rows; the fact is read for those months of merchants
  that changed, the others are taken from the mart as it is.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_all',
    on_schema_change='append_new_columns',
    indexes=[{'columns': ['month_start']}]
  )
}}

{%- set measures = [
  'merchant_id', 'month_start', 'currency', 'payment_count', 'failed_payment_count', 'gross_amount', 'refund_count',
  'refund_amount', 'net_amount', 'net_amount_reporting', 'paying_users', 'repeat_users'
] -%}
{%- set changed_months -%}
  select merchant_id, cast(date_trunc('month', transaction_date) as date)
  from {{ ref('int_transaction_changes') }}
  where merchant_id is not null and changed_at > {{ built_until(this) if is_incremental() }}
{%- endset %}

with customers as (
  select
    merchant_id,
    cast(date_trunc('month', transaction_date) as date) as month_start,
    currency,
    user_id,
    count(*) filter (where transaction_type = 'payment' and transaction_status = 'completed') as payment_count,
    count(*) filter (where transaction_type = 'payment' and transaction_status = 'failed') as failed_payment_count,
    coalesce(sum(net_amount) filter (where transaction_type = 'payment'), 0) as gross_amount,
    count(*) filter (where transaction_type = 'refund' and transaction_status = 'completed') as refund_count,
    -coalesce(sum(net_amount) filter (where transaction_type = 'refund'), 0) as refund_amount,
    coalesce(sum(net_amount_reporting), 0) as net_amount_reporting
  from {{ ref('fct_transactions') }}
  where
    merchant_id is not null
    and transaction_type in ('payment', 'refund')
    and transaction_status in ('completed', 'failed')
    {% if is_incremental() %}
      and (merchant_id, cast(date_trunc('month', transaction_date) as date)) in ({{ changed_months }})
    {% endif %}
  group by merchant_id, month_start, currency, user_id
),

fresh_months as (
  select
    merchant_id,
    month_start,
    currency,
    cast(sum(payment_count) as bigint) as payment_count,
    cast(sum(failed_payment_count) as bigint) as failed_payment_count,
    sum(gross_amount) as gross_amount,
    cast(sum(refund_count) as bigint) as refund_count,
    sum(refund_amount) as refund_amount,
    sum(gross_amount) - sum(refund_amount) as net_amount,
    sum(net_amount_reporting) as net_amount_reporting,
    count(user_id) filter (where payment_count > 0) as paying_users,
    count(user_id) filter (where payment_count > 1) as repeat_users
  from customers
  group by merchant_id, month_start, currency
),

months as (
  select {{ measures | join(', ') }} from fresh_months
  {% if is_incremental() %}
    union all
    select {{ measures | join(', ') }} from {{ this }}
    where (merchant_id, month_start) not in ({{ changed_months }})
  {% endif %}
)

select
  months.merchant_id,
  months.month_start,
  months.currency,
  merchants.merchant_name,
  merchants.merchant_category,
  merchants.country,
  merchants.city,
  months.payment_count,
  months.failed_payment_count,
  months.gross_amount,
  months.refund_count,
  months.refund_amount,
  months.net_amount,
  months.net_amount_reporting,
  round(months.gross_amount * merchants.fee_rate, currencies.decimal_places) as merchant_fee_amount,
  {{ ratio('months.payment_count', 'months.payment_count + months.failed_payment_count') }} as success_rate,
  {{ ratio('months.refund_amount', 'months.gross_amount') }} as refund_rate,
  {{ ratio('months.gross_amount', 'months.payment_count', 4) }} as average_basket,
  months.paying_users,
  months.repeat_users,
  coalesce(month_before.net_amount, 0) as previous_month_net_amount,
  {{ change_rate('months.net_amount', 'month_before.net_amount') }} as net_amount_change,
  cast(rank() over (
    partition by months.month_start, months.currency, merchants.merchant_category
    order by months.net_amount desc
  ) as integer) as rank_in_category,
  {{ changes_until([ref('int_transaction_changes')]) }} as changes_until
from months
left join {{ ref('dim_merchants') }} as merchants on months.merchant_id = merchants.merchant_id
left join {{ ref('dim_currencies') }} as currencies on months.currency = currencies.currency
left join months as month_before
  on
    months.merchant_id = month_before.merchant_id
    and months.currency = month_before.currency
    and months.month_start - interval '1 month' = month_before.month_start
