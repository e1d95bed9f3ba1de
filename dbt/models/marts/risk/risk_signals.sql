{#
  What the detectors (int_risk_*) find. Between runs they look only where something changed: a signal of there comes from them, every
  other one from the mart as it is. Without nested loops, as the planner expects too few customers and would compare each outflow
  with each inflow.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_all',
    on_schema_change='append_new_columns',
    pre_hook='set local enable_nestloop = off',
    indexes=[{'columns': ['signal_date']}, {'columns': ['user_id']}]
  )
}}

{%- set logs = [ref('int_transaction_changes'), ref('int_activity_days')] -%}
{%- set detectors = [
  ref('int_risk_velocity'), ref('int_risk_structuring'), ref('int_risk_pin_bursts'), ref('int_risk_rapid_in_out')
] -%}
{%- set signals = built_risk_signals() -%}
{%- set columns = [
  'signal_id', 'signal_type', 'user_id', 'signal_date', 'window_start', 'window_end', 'event_count', 'currency', 'amount',
  'amount_reporting', 'severity', 'score', 'explanation'
] %}

with found as (
  {%- for detector in detectors %}
    select * from {{ detector }}
    {%- if not loop.last %}
      union all
    {%- endif %}
  {%- endfor %}
),

signals as (
  select
    md5(concat_ws('|', signal_type, user_id, subject, extract(epoch from window_start))) as signal_id,
    signal_type,
    user_id,
    {{ local_date('window_start') }} as signal_date,
    window_start,
    window_end,
    event_count,
    currency,
    amount,
    amount_reporting,
    case when score >= 2 then 'high' when score >= 1.5 then 'medium' else 'low' end as severity,
    score,
    explanation,
    true as is_found
  from found
  {%- if signals %}
    union all
    select
      {{ columns | join(',\n      ') }},
      false as is_found
    from {{ signals }}
  {%- endif %}
)

select
  {{ 'signals.' ~ columns | join(',\n  signals.') }},
  {{ changes_until(logs) }} as changes_until
from signals
{% if signals %}
  left join {{ ref('int_risk_changed_customers') }} as customers on signals.user_id = customers.user_id
  where
    signals.is_found = (
      (signals.signal_type = 'pin_failed_burst' and signals.signal_date >= {{ pins_looked_at_from(signals) }})
      or (
        signals.signal_type = 'rapid_in_out'
        and (signals.user_id, signals.signal_date) in (
          select
            days.user_id,
            days.inflow_date
          from {{ ref('int_risk_inflow_days') }} as days
        )
      )
      or (
        signals.signal_type in ('velocity', 'structuring')
        and coalesce(customers.from_date <= signals.signal_date, false)
      )
    )
{% endif %}
