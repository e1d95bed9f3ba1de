{#
  A day is compared with the day and the week before it, so a changed day replaces itself, the next day and the day a week on.
  The fact is read for changed days alone, the others are taken from the mart as it is.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {'key': 'transaction_date', 'changed': 'dates_compared_with_changed'}},
    indexes=[{'columns': ['transaction_date']}]
  )
}}

{%- set measures = [
  'transaction_date', 'transaction_type', 'transaction_status', 'currency', 'transaction_count', 'gross_amount', 'fee_amount',
  'net_amount', 'median_amount', 'p95_amount', 'gross_amount_reporting', 'fee_amount_reporting', 'net_amount_reporting'
] -%}
{%- set dates = changed_dates(this) if is_incremental() %}

with fresh as (
  select
    transaction_date,
    transaction_type,
    transaction_status,
    currency,
    count(*) as transaction_count,
    sum(amount) as gross_amount,
    sum(fee_amount) as fee_amount,
    sum(net_amount) as net_amount,
    array_agg(amount order by amount) as ordered_amounts,
    sum(amount_reporting) as gross_amount_reporting,
    sum(fee_amount_reporting) as fee_amount_reporting,
    sum(net_amount_reporting) as net_amount_reporting
  from {{ ref('fct_transactions') }}
  {% if is_incremental() %}
    where transaction_date in ({{ dates }})
  {% endif %}
  group by transaction_date, transaction_type, transaction_status, currency
),

measured as (
  select
    transaction_date,
    transaction_type,
    transaction_status,
    currency,
    transaction_count,
    gross_amount,
    fee_amount,
    net_amount,
    cast({{ exact_percentile('ordered_amounts', 0.5) }} as {{ var('money_type') }}) as median_amount,
    cast({{ exact_percentile('ordered_amounts', 0.95) }} as {{ var('money_type') }}) as p95_amount,
    gross_amount_reporting,
    fee_amount_reporting,
    net_amount_reporting
  from fresh
  {% if is_incremental() %}
    union all
    select {{ measures | join(', ') }} from {{ this }}
    where
      transaction_date not in ({{ dates }})
      and transaction_date in (
        select changed.replaced_date - base.days_back
        from ({{ dates_compared_with_changed(this) }}) as changed
        cross join (values (0), (1), (7)) as base (days_back)
      )
  {% endif %}
),

settled as (
  select
    transaction_date,
    transaction_type,
    currency,
    cast(sum(transaction_count) as bigint) as transaction_count,
    sum(gross_amount) as gross_amount,
    coalesce(sum(transaction_count) filter (where transaction_status = 'completed'), 0) as completed_count,
    coalesce(sum(gross_amount) filter (where transaction_status = 'completed'), 0) as completed_amount
  from measured
  where transaction_status in ('completed', 'failed')
  group by transaction_date, transaction_type, currency
)

select
  measured.transaction_date,
  measured.transaction_type,
  measured.transaction_status,
  measured.currency,
  measured.transaction_count,
  measured.gross_amount,
  measured.fee_amount,
  measured.net_amount,
  cast(measured.gross_amount / measured.transaction_count as {{ var('money_type') }}) as average_amount,
  measured.median_amount,
  measured.p95_amount,
  measured.gross_amount_reporting,
  measured.fee_amount_reporting,
  measured.net_amount_reporting,
  coalesce(settled.transaction_count, 0) as settled_transaction_count,
  {{ ratio('settled.completed_count', 'settled.transaction_count') }} as success_rate_by_count,
  {{ ratio('settled.completed_amount', 'settled.gross_amount') }} as success_rate_by_value,
  coalesce(day_before.transaction_count, 0) as previous_day_transaction_count,
  cast(coalesce(day_before.gross_amount, 0) as {{ var('money_type') }}) as previous_day_gross_amount,
  coalesce(week_before.transaction_count, 0) as previous_week_transaction_count,
  cast(coalesce(week_before.gross_amount, 0) as {{ var('money_type') }}) as previous_week_gross_amount,
  {{ change_rate('measured.transaction_count', 'day_before.transaction_count') }} as count_change_vs_previous_day,
  {{ change_rate('measured.transaction_count', 'week_before.transaction_count') }} as count_change_vs_previous_week,
  {{ change_rate('measured.gross_amount', 'day_before.gross_amount') }} as amount_change_vs_previous_day,
  {{ change_rate('measured.gross_amount', 'week_before.gross_amount') }} as amount_change_vs_previous_week,
  {{ changes_until([ref('int_transaction_changes')]) }} as changes_until
from measured
left join settled
  on
    measured.transaction_date = settled.transaction_date
    and measured.transaction_type = settled.transaction_type
    and measured.currency = settled.currency
left join measured as day_before
  on
    measured.transaction_date - 1 = day_before.transaction_date
    and measured.transaction_type = day_before.transaction_type
    and measured.transaction_status = day_before.transaction_status
    and measured.currency = day_before.currency
left join measured as week_before
  on
    measured.transaction_date - 7 = week_before.transaction_date
    and measured.transaction_type = week_before.transaction_type
    and measured.transaction_status = week_before.transaction_status
    and measured.currency = week_before.currency
{% if is_incremental() %}
  where measured.transaction_date in ({{ dates_compared_with_changed(this) }})
{% endif %}
