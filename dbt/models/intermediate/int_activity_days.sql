{#
  One row per date of user activity with a fingerprint of its events: the change log of user_activity. Events carry no state to
  compare with, so a date counts as changed when its number of events, its newest landing or its content differs.
#}
{{ config(materialized='incremental', incremental_strategy='merge_changed', unique_key=['activity_date']) }}

select
  activity_date,
  count(*) as event_count,
  min(loaded_at) as earliest_loaded_at,
  max(loaded_at) as latest_loaded_at,
  -- A landed row has a new loaded_at whenever it changes; a replica's event may change without a trace but its content.
  {% if var('ewallet_ingestion') == 'kafka' -%}
    cast(null as numeric) as content_hash,
  {%- else -%}
    sum(hashtextextended(concat_ws('|', activity_id, user_id, event, session_id), 0)) as content_hash,
  {%- endif %}
  {{ changing_at() }} as changed_at
from {{ ref('stg_ewallet__user_activity') }}
group by activity_date
