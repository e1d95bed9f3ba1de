{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {'key': 'transaction_date', 'logs': ['int_transaction_changes']}},
    indexes=[{'columns': ['transaction_date']}]
  )
}}

select
  transaction_hour,
  transaction_date,
  hour_of_day,
  iso_day_of_week,
  transaction_type,
  transaction_status,
  currency,
  count(*) as transaction_count,
  sum(amount) as gross_amount,
  sum(fee_amount) as fee_amount,
  sum(net_amount) as net_amount,
  sum(amount_reporting) as gross_amount_reporting,
  avg(seconds_to_settle) as average_seconds_to_settle,
  {{ changes_until([ref('int_transaction_changes')]) }} as changes_until
from {{ ref('fct_transactions') }}
{% if is_incremental() %}
  where transaction_date in ({{ changed_dates(this) }})
{% endif %}
group by
  transaction_hour, transaction_date, hour_of_day, iso_day_of_week, transaction_type, transaction_status, currency
