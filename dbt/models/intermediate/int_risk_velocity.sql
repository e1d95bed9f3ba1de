{# Bursts of attempts: a customer's completed and failed transactions in quick succession. #}
{{ config(materialized='ephemeral') }}

with
{{ bursts(
  risk_transactions(), 'created_at', 'transaction_id', "transaction_status in ('completed', 'failed')",
  count=var('risk_velocity_count'), minutes=var('risk_velocity_minutes'), amounts=true
) }}

select
  'velocity' as signal_type,
  user_id,
  subject,
  window_start,
  window_end,
  event_count,
  currency,
  amount,
  amount_reporting,
  cast(event_count as numeric) / {{ var('risk_velocity_count') }} as score,
  event_count || ' transactions in quick succession' as explanation
from bursts
