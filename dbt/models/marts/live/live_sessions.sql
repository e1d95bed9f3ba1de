{# On no other model: see live_minute_volumes. #}
{{ config(materialized='view') }}

{{ rows_if_present(optional_relation(var('realtime_schema'), 'sessions'), {
  'session_id': ['session_id', 'text'],
  'user_id': ['customer_id', var('key_type')],
  'started_at': ["started_at at time zone 'UTC'", 'timestamp with time zone'],
  'last_event_at': ["last_event_at at time zone 'UTC'", 'timestamp with time zone'],
  'event_count': ['events', 'bigint'],
  'login_count': ['logins', 'bigint'],
  'pin_failed_count': ['pin_failures', 'bigint'],
  'transaction_count': ['transactions', 'bigint'],
  'completed_transaction_count': ['completed', 'bigint'],
  'failed_transaction_count': ['failed', 'bigint'],
  'first_transaction_at': ["first_transaction_at at time zone 'UTC'", 'timestamp with time zone'],
  'stage': ['stage', 'text']
}) }}
