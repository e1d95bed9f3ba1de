{{ config(materialized='table') }}
{#
  The first and last day of data: reports end there, not at the clock, so that a run gives the same result whenever it
  runs.
#}
with days as (
  select
    min(least(created_at, settled_at)) as first_at,
    max(greatest(created_at, settled_at)) as last_at
  from {{ ref('stg_ewallet__transactions') }}
  union all
  select
    min(occurred_at) as first_at,
    max(occurred_at) as last_at
  from {{ ref('stg_ewallet__user_activity') }}
  union all
  select
    min(signed_up_at) as first_at,
    max(signed_up_at) as last_at
  from {{ ref('stg_ewallet__users') }}
  union all
  select
    min(opened_at) as first_at,
    max(opened_at) as last_at
  from {{ ref('stg_ewallet__wallets') }}
)

select
  {{ local_date('min(first_at)') }} as first_date,
  {{ local_date('max(last_at)') }} as last_date
from days
having min(first_at) is not null
