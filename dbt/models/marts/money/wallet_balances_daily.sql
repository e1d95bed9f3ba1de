{#
  The opening balance of the window is one sum per wallet; only the window's days are spread out and carried forward. Between
  runs a wallet is written again from the first day on that changed, the others only for days that are new; the balance
  before that day is the one that is there already.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {'key': 'wallet_id', 'changed': 'changed_balances', 'from': 'balance_date'}},
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

{%- if is_incremental() -%}
  {%- set last_known = literal_date("select coalesce(max(balance_date), '-infinity') from " ~ this) -%}
  {%- set window_from = literal_date(
    "select coalesce(max(last_date) - " ~ (var('balance_history_days') - 1) ~ ", '-infinity') from " ~ ref('int_date_bounds')
  ) -%}
  {%- set recent = 'greatest(' ~ window_from ~ ', ' ~ last_known ~ ' - 3)' -%}
{%- endif %}

with
{%- if is_incremental() %}
  changed as materialized (
    {{ changed_balances(this) }}
  ),
{% endif %}
wallets as {{ 'materialized' if is_incremental() }} (
  select
    owners.*,
    bounds.last_date,
    {{ 'changed.from_date,' if is_incremental() }}
    greatest(
      owners.opened_date,
      {{ 'least(changed.from_date, ' ~ last_known ~ ' + 1),' if is_incremental() }}
      bounds.last_date - {{ var('balance_history_days') - 1 }}
    ) as window_start
  from {{ ref('int_wallet_owners') }} as owners
  cross join {{ ref('int_date_bounds') }} as bounds
  {%- if is_incremental() %}
    left join changed on owners.wallet_id = changed.wallet_id
  {%- endif %}
  where
    owners.wallet_kind is not null
    {%- if is_incremental() %}
      and (changed.wallet_id is not null or bounds.last_date > {{ last_known }})
    {%- endif %}
),

{% if is_incremental() -%}
  {# One by one, as a join would read the whole window: a wallet has one day before. #}
  days_before as materialized (
    select
      wallet_id,
      balance
    from (
      select
        wallets.wallet_id,
        (
          select before.closing_balance from {{ this }} as before
          where before.wallet_id = wallets.wallet_id and before.balance_date = wallets.window_start - 1
        ) as balance
      from wallets
      where coalesce(wallets.from_date >= wallets.window_start, true)
    ) as found
    where balance is not null
  ),

  {# Movements of the last days by date, earlier ones for the wallets that go back that far. #}
  moves as materialized (
    select
      wallet_id,
      movement_date,
      inflow_amount,
      outflow_amount,
      net_amount,
      movement_count
    from {{ ref('daily_wallet_movements') }}
    where movement_date >= {{ recent }}
    union all
    select
      movements.wallet_id,
      movements.movement_date,
      movements.inflow_amount,
      movements.outflow_amount,
      movements.net_amount,
      movements.movement_count
    from {{ ref('daily_wallet_movements') }} as movements
    inner join wallets on movements.wallet_id = wallets.wallet_id and movements.movement_date >= wallets.window_start
    where
      movements.wallet_id = any(array(
        select others.wallet_id from wallets as others
        where others.window_start < {{ recent }}
      ))
      and movements.movement_date >= {{ window_from }}
      and movements.movement_date < {{ recent }}
  ),

{% endif -%}
openings as (
  {%- if is_incremental() %}
    select
      wallet_id,
      balance
    from days_before
    union all
  {%- endif %}
  select
    movements.wallet_id,
    sum(movements.net_amount) as balance
  from {{ ref('daily_wallet_movements') }} as movements
  inner join wallets
    on movements.wallet_id = wallets.wallet_id and movements.movement_date < wallets.window_start
  {%- if is_incremental() %}
    where movements.wallet_id = any(array(
      select others.wallet_id from wallets as others
      where others.wallet_id not in (select days_before.wallet_id from days_before)
    ))
  {%- endif %}
  group by movements.wallet_id
),

days as (
  select
    wallets.wallet_id,
    wallets.wallet_kind,
    wallets.user_id,
    wallets.currency,
    wallets.window_start + calendar.days_after as balance_date,
    coalesce(movements.inflow_amount, 0) as inflow_amount,
    coalesce(movements.outflow_amount, 0) as outflow_amount,
    coalesce(movements.movement_count, 0) as movement_count,
    coalesce(openings.balance, 0) + sum(coalesce(movements.net_amount, 0)) over (
      partition by wallets.wallet_id order by calendar.days_after
    ) as closing_balance
  from wallets
  -- Numbers, not times: a date is found in a hash by a date only.
  cross join lateral generate_series(0, wallets.last_date - wallets.window_start) as calendar (days_after)
  left join {{ 'moves' if is_incremental() else ref('daily_wallet_movements') }} as movements
    on
      wallets.wallet_id = movements.wallet_id
      and wallets.window_start + calendar.days_after = movements.movement_date
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
