{# Between runs only days with new or changed events are counted again. Devices are in the wallet's own words. #}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {'key': 'activity_date', 'logs': ['int_activity_days']}},
    indexes=[
      {'columns': ['activity_date', 'device'], 'unique': true},
      {'columns': ['changes_until']}
    ]
  )
}}

{%- if is_incremental() -%}
  {%- set dates = literals(changed_keys(this, [ref('int_activity_days')], 'activity_date')) -%}
{%- endif %}

{# Customers first: counting distinct ones is then a second hash, not a sort of every event. #}
with users as (
  select
    activity_date,
    coalesce(device, 'unknown') as device,
    user_id,
    count(*) as event_count,
    count(*) filter (where event = 'login') as login_count,
    count(*) filter (where event = 'pin_failed') as pin_failed_count
  from {{ ref('stg_ewallet__user_activity') }}
  {% if is_incremental() %}
    where
      activity_date in ({{ dates }})
      and {{ landed_with_days('activity_date in (' ~ dates ~ ')') }}
  {% endif %}
  group by activity_date, coalesce(device, 'unknown'), user_id
)

select
  activity_date,
  device,
  count(user_id) as active_users,
  cast(sum(event_count) as bigint) as event_count,
  cast(sum(login_count) as bigint) as login_count,
  cast(sum(pin_failed_count) as bigint) as pin_failed_count,
  {{ changes_until([ref('int_activity_days')]) }} as changes_until
from users
group by activity_date, device
