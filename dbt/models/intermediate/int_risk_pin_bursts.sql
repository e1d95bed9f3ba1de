{# Bursts of wrong PINs of a customer; between runs, those from the day on that pins_looked_at_from() gives. #}
{{ config(materialized='ephemeral') }}

{%- set signals = built_risk_signals() -%}
{%- set failed = "event = 'pin_failed'" -%}
{%- if signals -%}
  {%- set landed = 'activity_date >= ' ~ pins_looked_at_from(signals) ~ ' - ' ~ days_of(var('risk_pin_minutes')) -%}
  {%- set failed = failed ~ ' and ' ~ landed ~ ' and ' ~ landed_with_days(landed) -%}
{%- endif %}

with
{{ bursts(
  ref('stg_ewallet__user_activity'), 'occurred_at', 'activity_id', failed,
  count=var('risk_pin_failures'), minutes=var('risk_pin_minutes')
) }}

select
  'pin_failed_burst' as signal_type,
  user_id,
  subject,
  window_start,
  window_end,
  event_count,
  cast(null as text) as currency,
  cast(null as {{ var('money_type') }}) as amount,
  cast(null as numeric) as amount_reporting,
  cast(event_count as numeric) / {{ var('risk_pin_failures') }} as score,
  event_count || ' failed PIN entries in quick succession' as explanation
from bursts
