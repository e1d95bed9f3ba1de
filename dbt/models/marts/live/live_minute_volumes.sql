{#
  A view, straight on what the second sink lands: as new as that, whenever dbt ran last. On no other model, as a model that
  is built again takes the views on it along until their own turn, and a live dashboard would fail meanwhile.
#}
{{ config(materialized='view') }}

{{ rows_if_present(optional_relation(var('realtime_schema'), 'minute_volumes'), {
  'minute_start': ["minute at time zone 'UTC'", 'timestamp with time zone'],
  'transaction_type': ['type', 'text'],
  'transaction_status': ['status', 'text'],
  'currency': ['currency', 'text'],
  'transaction_count': ['transactions', 'bigint'],
  'amount': ['amount', var('money_type')],
  'fee_amount': ['fee', var('money_type')]
}) }}
