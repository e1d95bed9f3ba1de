{#
  What ewallet-realtime says beside what was computed here, from the same rows. Off unless asked for (compare_realtime), as the
  stream is ahead of every run of dbt: with a wallet that trades, the newest hour and the wallets in it differ.
#}
{{ config(severity='warn', enabled=var('compare_realtime')) }}
{# The stream has the wallet's own words; in marts reversals and chargebacks are refunds, what is held is pending. #}
with live_hours as (
  select
    {{ local_hour_start('volumes.minute_start') }} as transaction_hour,
    case
      when type_map.to_value in ('reversal', 'chargeback') then 'refund'
      else {{ mapped('type_map', 'volumes.transaction_type') }}
    end as transaction_type,
    case
      when status_map.to_value = 'held' then 'pending'
      else {{ mapped('status_map', 'volumes.transaction_status') }}
    end as transaction_status,
    volumes.currency,
    sum(volumes.transaction_count) as transaction_count,
    sum(volumes.amount) as amount,
    sum(volumes.fee_amount) as fee_amount
  from {{ ref('live_minute_volumes') }} as volumes
  {{ map_join('transaction_type', 'type_map', 'volumes.transaction_type') }}
  {{ map_join('transaction_status', 'status_map', 'volumes.transaction_status') }}
  group by 1, 2, 3, 4
),

hours as (
  select
    'hourly_transaction_summary' as model,
    concat_ws(
      ' ',
      coalesce(batch.transaction_hour, live.transaction_hour),
      coalesce(batch.transaction_type, live.transaction_type),
      coalesce(batch.transaction_status, live.transaction_status),
      coalesce(batch.currency, live.currency)
    ) as row_key
  from live_hours as live
  full outer join {{ ref('hourly_transaction_summary') }} as batch
    on
      live.transaction_hour = batch.transaction_hour
      and live.transaction_type = batch.transaction_type
      and live.transaction_status = batch.transaction_status
      and live.currency = batch.currency
  where
    (live.transaction_count, live.amount, live.fee_amount)
    is distinct from (batch.transaction_count, batch.gross_amount, batch.fee_amount)
),

newest_balances as (
  select
    wallet_id,
    closing_balance
  from {{ ref('wallet_balances_daily') }}
  where balance_date = (select max(days.balance_date) from {{ ref('wallet_balances_daily') }} as days)
),

wallets as (
  select
    'wallet_balances_daily' as model,
    cast(coalesce(batch.wallet_id, live.wallet_id) as text) as row_key
  from {{ ref('live_balance_checks') }} as live
  full outer join newest_balances as batch on live.wallet_id = batch.wallet_id
  where live.movement_amount is distinct from batch.closing_balance
),

live_customers as (
  select
    user_id,
    sum(event_count) as event_count,
    sum(login_count) as login_count,
    sum(pin_failed_count) as pin_failed_count
  from {{ ref('live_sessions') }}
  group by 1
),

batch_customers as (
  select
    user_id,
    sum(event_count) as event_count,
    sum(login_count) as login_count,
    sum(pin_failed_count) as pin_failed_count
  from {{ ref('user_activity_daily') }}
  where event_count > 0
  group by 1
),

customers as (
  select
    'user_activity_daily' as model,
    cast(coalesce(batch.user_id, live.user_id) as text) as row_key
  from live_customers as live
  full outer join batch_customers as batch on live.user_id = batch.user_id
  where
    (live.event_count, live.login_count, live.pin_failed_count)
    is distinct from (batch.event_count, batch.login_count, batch.pin_failed_count)
)

{# A result that was not asked for has no rows, and is not compared. #}
select * from hours
where exists (select from {{ ref('live_minute_volumes') }})
union all
select * from wallets
where exists (select from {{ ref('live_balance_checks') }})
union all
select * from customers
where exists (select from {{ ref('live_sessions') }})
