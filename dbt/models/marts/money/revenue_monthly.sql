{#
  What payments earn and what is left of it. The wallet knows its fees; what banks, schemes and agents take is on their bills, and
  a month and currency without one has no net revenue rather than all of its fees. A bill of a month without trade is a loss of that
  month.
#}
with trade as (
  select
    cast(date_trunc('month', transaction_date) as date) as month_start,
    currency,
    coalesce(sum(net_amount) filter (where is_payment), 0) as payment_volume_amount,
    coalesce(sum(net_amount_reporting) filter (where is_payment), 0) as payment_volume_reporting,
    coalesce(sum(fee_amount) filter (where is_payment), 0) as payment_fee_amount,
    coalesce(sum(fee_amount_reporting) filter (where is_payment), 0) as payment_fee_reporting,
    sum(fee_amount) as fee_amount,
    coalesce(sum(fee_amount_reporting), 0) as fee_reporting
  from (
    select
      *,
      transaction_type in ('payment', 'refund') as is_payment
    from {{ ref('daily_transaction_summary') }}
    where transaction_status = 'completed'
  ) as completed
  group by month_start, currency
),

costs as (
  select
    cast(date_trunc('month', costs.cost_date) as date) as month_start,
    costs.currency,
    sum(costs.amount) as cost_amount,
    sum(cast(costs.amount * rates.exchange_rate as numeric(38, 6))) as cost_reporting
  from {{ ref('stg_ewallet__payment_costs') }} as costs
  cross join {{ ref('int_date_bounds') }} as bounds
  left join {{ ref('int_exchange_rates_daily') }} as rates
    on
      costs.currency = rates.currency
      -- A bill may be of a day without data.
      and rates.rate_date = greatest(least(costs.cost_date, bounds.last_date), bounds.first_date)
  group by month_start, costs.currency
),

calendar as (
  select
    month_start,
    bool_or(is_month_end) as is_complete_month
  from {{ ref('dim_dates') }}
  group by month_start
),

together as (
  select
    coalesce(trade.month_start, costs.month_start) as month_start,
    coalesce(trade.currency, costs.currency) as currency,
    coalesce(trade.payment_volume_amount, 0) as payment_volume_amount,
    coalesce(trade.payment_volume_reporting, 0) as payment_volume_reporting,
    coalesce(trade.payment_fee_amount, 0) as payment_fee_amount,
    coalesce(trade.payment_fee_reporting, 0) as payment_fee_reporting,
    coalesce(trade.fee_amount, 0) as fee_amount,
    coalesce(trade.fee_reporting, 0) as fee_reporting,
    costs.cost_amount,
    costs.cost_reporting
  from trade
  full outer join costs on trade.month_start = costs.month_start and trade.currency = costs.currency
)

select
  together.month_start,
  together.currency,
  coalesce(calendar.is_complete_month, false) as is_complete_month,
  cast(together.payment_volume_amount as {{ var('money_type') }}) as payment_volume_amount,
  cast(together.payment_volume_reporting as numeric(38, 6)) as payment_volume_reporting,
  cast(together.payment_fee_amount as {{ var('money_type') }}) as payment_fee_amount,
  cast(together.payment_fee_reporting as numeric(38, 6)) as payment_fee_reporting,
  cast(together.fee_amount as {{ var('money_type') }}) as fee_amount,
  cast(together.fee_reporting as numeric(38, 6)) as fee_reporting,
  {{ ratio('together.payment_fee_amount', 'together.payment_volume_amount') }} as take_rate,
  cast(together.cost_amount as {{ var('money_type') }}) as cost_amount,
  cast(together.cost_reporting as numeric(38, 6)) as cost_reporting,
  cast(together.fee_amount - together.cost_amount as {{ var('money_type') }}) as net_revenue_amount,
  cast(together.fee_reporting - together.cost_reporting as numeric(38, 6)) as net_revenue_reporting,
  {{ ratio('together.fee_amount - together.cost_amount', 'together.payment_volume_amount') }} as net_take_rate,
  {{ ratio('together.fee_amount - together.cost_amount', 'together.fee_amount') }} as margin_rate
from together
left join calendar on together.month_start = calendar.month_start
