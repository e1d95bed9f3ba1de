{#
  Customers of changed transactions, each with the day from which on its bursts are found again: one window before the first day
  that changed, or the start of the signal that reaches there, as a change may lengthen, split or join it.
#}
{{ config(materialized='ephemeral') }}

{%- set log = ref('int_transaction_changes') -%}
{%- set signals = built_risk_signals() %}

{% if not signals %}
-- All customers are looked at.
  select
    user_id,
    transaction_date as from_date
  from {{ log }}
  where false
{% else %}
  with changed as (
    select
      user_id,
      min(transaction_date) - {{ risk_reach_days() }} as from_date
    from {{ log }}
    where changed_at > {{ built_until(signals) }} and user_id is not null
    group by user_id
  )

  select
    changed.user_id,
    least(changed.from_date, min(reaching.signal_date)) as from_date
  from changed
  left join {{ signals }} as reaching
    on
      changed.user_id = reaching.user_id
      and {{ local_date('reaching.window_end') }} >= changed.from_date
  group by changed.user_id, changed.from_date
{% endif %}
