{# On no other model: see live_minute_volumes. #}
{{ config(materialized='view') }}

{{ rows_if_present(optional_relation(var('realtime_schema'), 'transaction_events'), {
  'transaction_id': ['transaction_id', var('key_type')],
  'event': ['event', 'text'],
  'occurred_at': ["occurred_at at time zone 'UTC'", 'timestamp with time zone'],
  'created_at': ["created_at at time zone 'UTC'", 'timestamp with time zone'],
  'transaction_type': ['type', 'text'],
  'channel': ['channel', 'text'],
  'failure_reason': ['failure_reason', 'text'],
  'currency': ['currency', 'text'],
  'amount': ['amount', var('money_type')],
  'fee_amount': ['fee', var('money_type')],
  'source_wallet_id': ['source_wallet_id', var('key_type')],
  'source_wallet_kind': ['source_wallet_kind', 'text'],
  'destination_wallet_id': ['destination_wallet_id', var('key_type')],
  'destination_wallet_kind': ['destination_wallet_kind', 'text'],
  'user_id': ['customer_id', var('key_type')],
  'user_country': ['customer_country', 'text'],
  'merchant_id': ['merchant_id', var('key_type')],
  'merchant_category': ['merchant_category', 'text'],
  'merchant_country': ['merchant_country', 'text']
}) }}
