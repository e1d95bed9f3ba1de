{# On no other model: see live_minute_volumes. #}
{{ config(materialized='view') }}

{{ rows_if_present(optional_relation(var('realtime_schema'), 'balance_checks'), {
  'wallet_id': ['wallet_id', var('key_type')],
  'wallet_kind': ['wallet_kind', 'text'],
  'user_id': ['customer_id', var('key_type')],
  'currency': ['currency', 'text'],
  'balance': ['balance', var('money_type')],
  'movement_amount': ['movements', var('money_type')],
  'difference': ['difference', var('money_type')],
  'unchanged_since': ["unchanged_since at time zone 'UTC'", 'timestamp with time zone']
}) }}
