{#
  The opening balance of the window is one sum a wallet; only the window's days are spread out and carried forward. Between
  runs the wallets that changed are written again, the others only for days that are new.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {'key': 'wallet_id', 'changed': 'wallets_with_changed_balance'}},
    post_hook="delete from {{ this }} where balance_date <= (
      select last_date - {{ var('balance_history_days') }} from {{ ref('int_date_bounds') }}
    ) or balance_date > (select last_date from {{ ref('int_date_bounds') }})",
    indexes=[
      {'columns': ['wallet_id', 'balance_date'], 'unique': true},
      {'columns': ['balance_date']},
      {'columns': ['changes_until']}
    ]
  )
}}

with wallets as (
  select
    owners.*,
    bounds.last_date,
    greatest(owners.opened_date, bounds.last_date - {{ var('balance_history_days') - 1 }}) as window_start
  from {{ ref('int_wallet_owners') }} as owners
  cross join {{ ref('int_date_bounds') }} as bounds
  where owners.wallet_kind is not null
),

openings as (
  select
    movements.wallet_id,
    sum(movements.net_amount) as balance
  from {{ ref('int_wallet_movement_days') }} as movements
  inner join wallets
    on movements.wallet_id = wallets.wallet_id and movements.movement_date < wallets.window_start
  group by movements.wallet_id
),

days as (
  select
    wallets.wallet_id,
    wallets.wallet_kind,
    wallets.user_id,
    wallets.currency,
    cast(calendar.day as date) as balance_date,
    coalesce(movements.inflow_amount, 0) as inflow_amount,
    coalesce(movements.outflow_amount, 0) as outflow_amount,
    coalesce(movements.movement_count, 0) as movement_count,
    coalesce(openings.balance, 0) + sum(coalesce(movements.net_amount, 0)) over (
      partition by wallets.wallet_id order by calendar.day
    ) as closing_balance
  from wallets
  cross join lateral generate_series(wallets.window_start, wallets.last_date, interval '1 day') as calendar (day)
  left join {{ ref('int_wallet_movement_days') }} as movements
    on wallets.wallet_id = movements.wallet_id and calendar.day = movements.movement_date
  left join openings on wallets.wallet_id = openings.wallet_id
)

select
  days.wallet_id,
  days.balance_date,
  days.wallet_kind,
  days.user_id,
  days.currency,
  days.closing_balance - days.inflow_amount + days.outflow_amount as opening_balance,
  days.inflow_amount,
  days.outflow_amount,
  days.movement_count,
  days.closing_balance,
  cast(days.closing_balance * rates.exchange_rate as numeric(38, 6)) as closing_balance_reporting,
  days.movement_count = 0 as is_carried_forward,
  {{ changes_until([
    ref('int_transaction_changes'), ref('int_wallet_owners'), ref('int_exchange_rates_daily')
  ]) }} as changes_until
from days
left join {{ ref('int_exchange_rates_daily') }} as rates
  on days.currency = rates.currency and days.balance_date = rates.rate_date
{% if is_incremental() %}
  where
    days.wallet_id in ({{ wallets_with_changed_balance(this) }})
    or days.balance_date > (select max(balance_date) from {{ this }})
{% endif %}
