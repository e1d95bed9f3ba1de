{#
  An agent without electronic money cannot take a customer's cash. By sides and not by types: an agent's wallet gives to
  a customer (cash in), gets from one (cash out), and moves money with the outside (a rebalance). The cash in drawers is
  in no wallet's tables. Days are those that wallet_balances_daily has; without wallets of agents there are no rows.
#}
with agents as (
  select
    wallet_id,
    currency,
    balance_date,
    closing_balance
  from {{ ref('wallet_balances_daily') }}
  where wallet_kind = 'agent'
),

moves as (
  select
    transaction_date,
    currency,
    amount,
    transaction_status = 'completed' as is_completed,
    case when source_wallet_kind = 'agent' then source_wallet_id else destination_wallet_id end as agent_wallet_id,
    case
      when 'float' in (source_wallet_kind, destination_wallet_kind) then 'rebalance'
      when source_wallet_kind = 'agent' then 'cash_in'
      else 'cash_out'
    end as move
  from {{ ref('fct_transactions') }}
  where
    (
      (source_wallet_kind = 'agent' and destination_wallet_kind in ('customer', 'float'))
      or (source_wallet_kind in ('customer', 'float') and destination_wallet_kind = 'agent')
    )
    and transaction_status in ('completed', 'failed')
    and transaction_date >= (select min(agents.balance_date) from agents)
),

demand as (
  select
    agent_wallet_id,
    percentile_disc(0.9) within group (order by amount) as busy_day_amount
  from (
    select
      agent_wallet_id,
      transaction_date,
      sum(amount) as amount
    from moves
    where move = 'cash_in'
    group by agent_wallet_id, transaction_date
  ) as days
  group by agent_wallet_id
),

floats as (
  select
    agents.balance_date,
    agents.currency,
    count(*) as agent_count,
    sum(agents.closing_balance) as float_amount,
    count(*) filter (where agents.closing_balance < demand.busy_day_amount) as low_float_agent_count
  from agents
  left join demand on agents.wallet_id = demand.agent_wallet_id
  group by agents.balance_date, agents.currency
),

days as (
  select
    transaction_date,
    currency,
    count(distinct agent_wallet_id) filter (where is_completed and move <> 'rebalance') as active_agent_count,
    count(*) filter (where is_completed and move = 'cash_in') as cash_in_count,
    sum(amount) filter (where is_completed and move = 'cash_in') as cash_in_amount,
    count(*) filter (where not is_completed and move = 'cash_in') as refused_cash_in_count,
    count(*) filter (where is_completed and move = 'cash_out') as cash_out_count,
    sum(amount) filter (where is_completed and move = 'cash_out') as cash_out_amount,
    count(*) filter (where is_completed and move = 'rebalance') as rebalance_count
  from moves
  group by transaction_date, currency
)

select
  floats.balance_date,
  floats.currency,
  floats.agent_count,
  coalesce(days.active_agent_count, 0) as active_agent_count,
  cast(floats.float_amount as {{ var('money_type') }}) as float_amount,
  floats.low_float_agent_count,
  {{ ratio('floats.low_float_agent_count', 'floats.agent_count') }} as low_float_rate,
  coalesce(days.cash_in_count, 0) as cash_in_count,
  cast(coalesce(days.cash_in_amount, 0) as {{ var('money_type') }}) as cash_in_amount,
  coalesce(days.refused_cash_in_count, 0) as refused_cash_in_count,
  {{ ratio('days.refused_cash_in_count', 'days.cash_in_count + days.refused_cash_in_count') }} as refusal_rate,
  coalesce(days.cash_out_count, 0) as cash_out_count,
  cast(coalesce(days.cash_out_amount, 0) as {{ var('money_type') }}) as cash_out_amount,
  coalesce(days.rebalance_count, 0) as rebalance_count
from floats
left join days on floats.balance_date = days.transaction_date and floats.currency = days.currency
