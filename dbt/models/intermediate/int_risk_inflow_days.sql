{# Days of a customer on which money that came in may have left with a changed transaction. #}
{{ config(materialized='ephemeral') }}

{%- set log = ref('int_transaction_changes') -%}
{%- set signals = built_risk_signals() -%}
{%- set since = built_until(signals) if signals %}

{% if not signals %}
-- All days are looked at.
  select
    user_id,
    settled_date as inflow_date
  from {{ log }}
  where false
{% else %}
  select distinct
    moved.user_id,
    moved.settled_date - days.days_before as inflow_date
  from (
    {%- for role in ['source_user_id', 'destination_user_id'] %}
      select
        {{ role }} as user_id,
        settled_date
      from {{ log }}
      where changed_at > {{ since }} and {{ role }} is not null and settled_date is not null
      {%- if not loop.last %}
        union all
      {%- endif %}
    {%- endfor %}
  ) as moved
  cross join generate_series(0, {{ risk_reach_days() }}) as days (days_before)
{% endif %}
