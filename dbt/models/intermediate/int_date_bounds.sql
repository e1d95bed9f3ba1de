{{ config(materialized='table') }}
{#
  The first and last day of data: reports end there, not at the clock, so that a run gives the same result whenever it
  runs.
#}
with days as (
  select
    {{ local_date('min(least(created_at, settled_at))') }} as first_date,
    {{ local_date('max(greatest(created_at, settled_at))') }} as last_date
  from {{ ref('stg_ewallet__transactions') }}
  union all
  select
    min(activity_date) as first_date,
    max(activity_date) as last_date
  from {{ ref('int_activity_days') }}
  where event_count > 0
  union all
  select
    {{ local_date('min(signed_up_at)') }} as first_date,
    {{ local_date('max(signed_up_at)') }} as last_date
  from {{ ref('stg_ewallet__users') }}
  union all
  select
    {{ local_date('min(opened_at)') }} as first_date,
    {{ local_date('max(opened_at)') }} as last_date
  from {{ ref('stg_ewallet__wallets') }}
)

select
  min(first_date) as first_date,
  max(last_date) as last_date
from days
having min(first_date) is not null
