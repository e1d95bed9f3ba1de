{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {'key': 'transaction_id', 'changed': 'newest_changes'}},
    indexes=[
      {'columns': ['transaction_id'], 'unique': true},
      {'columns': ['transaction_date']},
      {'columns': ['settled_date']},
      {'columns': ['user_id', 'merchant_id']},
      {'columns': ['loaded_at']},
      {'columns': ['changes_until']}
    ]
  )
}}

select
  transaction_id,
  transaction_type,
  return_kind,
  transaction_status,
  is_held,
  channel,
  failure_reason,
  currency,
  amount,
  fee_amount,
  destination_fee_amount,
  net_amount,
  exchange_rate,
  amount_reporting,
  fee_amount_reporting,
  net_amount_reporting,
  source_wallet_id,
  source_wallet_kind,
  source_user_id,
  destination_wallet_id,
  destination_wallet_kind,
  destination_user_id,
  user_id,
  merchant_id,
  merchant_category,
  refund_of_transaction_id,
  is_internal_transfer,
  created_at,
  settled_at,
  seconds_to_settle,
  transaction_date,
  transaction_hour,
  hour_of_day,
  iso_day_of_week,
  settled_date,
  loaded_at,
  {{ changes_until([ref('int_transaction_changes')]) }} as changes_until
{% if is_incremental() -%}
  from {{ ref('int_transaction_changes') }}
  where image = 'after' and {{ newest_batch(this) }}
{%- else -%}
  from {{ ref('int_transactions') }}
{%- endif %}
