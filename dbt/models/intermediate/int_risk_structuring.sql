{# Bursts of movements in one currency, each just below the threshold from which on they would be reported. #}
{{ config(materialized='ephemeral') }}

with
{{ bursts(
  risk_transactions(), 'created_at', 'transaction_id', is_just_below_threshold(),
  count=var('risk_structuring_count'), minutes=var('risk_structuring_minutes'), subject='currency', amounts=true
) }}

select
  'structuring' as signal_type,
  user_id,
  subject,
  window_start,
  window_end,
  event_count,
  currency,
  amount,
  amount_reporting,
  cast(event_count as numeric) / {{ var('risk_structuring_count') }} as score,
  event_count || ' amounts just below the threshold of ' || {{ structuring_threshold() | indent(2) }} || ' '
  || {{ structuring_currency('currency') | indent(2) }} || ', {{ var("risk_structuring_count") }} or more within '
  || '{{ var("risk_structuring_minutes") // 60 }} hours' as explanation
from bursts
