{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    meta={'replaces': {'key': 'movement_date', 'changed': 'changed_movement_dates'}},
    indexes=[{'columns': ['wallet_id', 'movement_date']}, {'columns': ['movement_date']}, {'columns': ['changes_until']}]
  )
}}

with summed as (
  select
    wallet_id,
    currency,
    movement_date,
    count(*) as movement_count,
    sum(amount) filter (where amount > 0) as inflow_amount,
    -sum(amount) filter (where amount < 0) as outflow_amount
  from {{ ref('int_wallet_movements') }}
  where
    wallet_id is not null
    {% if is_incremental() %}
      and movement_date in ({{ changed_movement_dates(this) }})
    {% endif %}
  group by wallet_id, currency, movement_date
)

select
  wallet_id,
  currency,
  movement_date,
  movement_count,
  inflow_amount,
  outflow_amount,
  coalesce(inflow_amount, 0) - coalesce(outflow_amount, 0) as net_amount,
  {{ changes_until([ref('int_transaction_changes'), ref('int_wallet_owners')]) }} as changes_until
from summed
