{#
  Ranks and the month before need all months of all merchants, which are few rows: every row is given again. What a month counts
  and sums up is added to between runs, from the transactions that changed, as they were and as they are; whether a customer is
  new to a merchant's month is looked up.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_all',
    on_schema_change='append_new_columns',
    indexes=[{'columns': ['month_start']}]
  )
}}

{%- set added = [
  'payment_count', 'failed_payment_count', 'gross_amount', 'refund_count', 'refund_amount', 'net_amount_reporting',
  'paying_users', 'repeat_users'
] -%}
{%- set grain = ['merchant_id', 'month_start', 'currency'] -%}
{#- How many times a row counts: what was is taken away. -#}
{%- set times = 'times' if is_incremental() else '1' -%}

with
{%- if is_incremental() %}
  {{ changed_transactions(this, [
    'merchant_id', 'transaction_date', 'currency', 'user_id', 'transaction_type', 'transaction_status', 'net_amount',
    'net_amount_reporting'
  ]) }}
{% endif %}
customers as (
  select
    merchant_id,
    cast(date_trunc('month', transaction_date) as date) as month_start,
    currency,
    user_id,
    sum({{ times }}) filter (where transaction_type = 'payment' and transaction_status = 'completed') as payment_count,
    sum({{ times }}) filter (where transaction_type = 'payment' and transaction_status = 'failed')
      as failed_payment_count,
    sum({{ times }} * net_amount) filter (where transaction_type = 'payment') as gross_amount,
    sum({{ times }}) filter (where transaction_type = 'refund' and transaction_status = 'completed') as refund_count,
    -sum({{ times }} * net_amount) filter (where transaction_type = 'refund') as refund_amount,
    sum({{ times }} * net_amount_reporting) as net_amount_reporting
  from {{ 'changed_transactions' if is_incremental() else ref('fct_transactions') }}
  where
    merchant_id is not null
    and transaction_status in ('completed', 'failed')
    and (transaction_type = 'payment' or (transaction_type = 'refund' and transaction_status = 'completed'))
  group by merchant_id, month_start, currency, user_id
),

{% if is_incremental() -%}
  paid as (
    select
      customers.*,
      ever.payment_count as paid_count
    from customers
    cross join lateral (
      select count(*) as payment_count
      from {{ ref('fct_transactions') }} as transactions
      where
        transactions.user_id = customers.user_id
        and transactions.merchant_id = customers.merchant_id
        and transactions.currency = customers.currency
        and transactions.transaction_date >= customers.month_start
        and transactions.transaction_date < customers.month_start + interval '1 month'
        and transactions.transaction_type = 'payment'
        and transactions.transaction_status = 'completed'
    ) as ever
  ),

{% endif -%}
parts as (
  select
    {{ grain | join(', ') }},
    payment_count,
    failed_payment_count,
    gross_amount,
    refund_count,
    refund_amount,
    net_amount_reporting,
    {{ added_users('paying_users', 0) }},
    {{ added_users('repeat_users', 1) }}
  from {{ 'paid' if is_incremental() else 'customers' }}
  {%- if is_incremental() %}
    union all
    select {{ (grain + added) | join(', ') }} from {{ this }}
  {%- endif %}
),

summed as (
  select
    {{ grain | join(', ') }},
    {%- for column in added %}
      coalesce(sum({{ column }}), 0) as {{ column }},
    {%- endfor %}
    coalesce(sum(gross_amount), 0) - coalesce(sum(refund_amount), 0) as net_amount
  from parts
  group by {{ grain | join(', ') }}
),

months as (
  select
    {{ grain | join(', ') }},
    {%- for column in added if column.endswith('_count') or column.endswith('_users') %}
      cast({{ column }} as bigint) as {{ column }},
    {%- endfor %}
    gross_amount,
    refund_amount,
    net_amount,
    net_amount_reporting
  from summed
  where payment_count + failed_payment_count + refund_count > 0
),

{#
  A month takes the fee rates that held in it; where one began within the month, its payments from that day on take the new one.
#}
rates as (
  select
    merchant_id,
    fee_rate,
    valid_from,
    lead(valid_from, 1, 'infinity') over (partition by merchant_id order by valid_from, recorded_at) as valid_until
  from {{ ref('int_merchant_fee_rates') }}
),

fees as (
  select
    months.merchant_id,
    months.month_start,
    months.currency,
    sum(rates.fee_rate * case
      when rates.valid_from <= months.month_start and rates.valid_until >= months.month_start + interval '1 month'
        then months.gross_amount
      else (
        select coalesce(sum(payments.net_amount), 0)
        from {{ ref('fct_transactions') }} as payments
        where
          payments.merchant_id = months.merchant_id
          and payments.currency = months.currency
          and payments.transaction_type = 'payment'
          and payments.transaction_status = 'completed'
          and payments.transaction_date >= greatest(rates.valid_from, months.month_start)
          and payments.transaction_date < least(rates.valid_until, months.month_start + interval '1 month')
      )
    end) as fee_amount
  from months
  inner join rates
    on
      months.merchant_id = rates.merchant_id
      and months.month_start + interval '1 month' > rates.valid_from
      and months.month_start < rates.valid_until
  group by months.merchant_id, months.month_start, months.currency
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
  round(fees.fee_amount, currencies.decimal_places) as merchant_fee_amount,
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
left join fees
  on
    months.merchant_id = fees.merchant_id
    and months.currency = fees.currency
    and months.month_start = fees.month_start
left join months as month_before
  on
    months.merchant_id = month_before.merchant_id
    and months.currency = month_before.currency
    and months.month_start - interval '1 month' = month_before.month_start
