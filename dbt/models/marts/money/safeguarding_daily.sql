{#
  By double entry the wallet's own float is always what it owes, so it cannot tell that money is missing at the bank: only the bank's
  statement can. Days are those that wallet_balances_daily has.
#}
with statements as (
  select
    balance_date,
    currency,
    sum(balance) as bank_balance
  from {{ ref('stg_ewallet__bank_balances') }}
  group by balance_date, currency
),

owed as (
  select
    balance_date,
    currency,
    coalesce(sum(closing_balance) filter (where wallet_kind = 'customer'), 0) as customer_liability,
    coalesce(sum(closing_balance) filter (where wallet_kind in ('merchant', 'agent')), 0) as merchant_liability,
    -coalesce(sum(closing_balance) filter (where wallet_kind = 'float'), 0) as ledger_float
  from {{ ref('wallet_balances_daily') }}
  -- Without a statement balances are not read: nobody asks for these rows then.
  where currency in (select statements.currency from statements)
  group by balance_date, currency
)

select
  owed.balance_date,
  owed.currency,
  cast(owed.customer_liability as {{ var('money_type') }}) as customer_liability,
  cast(owed.merchant_liability as {{ var('money_type') }}) as merchant_liability,
  cast(owed.customer_liability + owed.merchant_liability as {{ var('money_type') }}) as liability,
  cast(owed.ledger_float as {{ var('money_type') }}) as ledger_float,
  cast(statements.bank_balance as {{ var('money_type') }}) as bank_balance,
  cast(statements.bank_balance - owed.customer_liability - owed.merchant_liability as {{ var('money_type') }}) as gap,
  {{ ratio('statements.bank_balance', 'owed.customer_liability + owed.merchant_liability') }} as coverage_rate,
  statements.bank_balance >= owed.customer_liability + owed.merchant_liability as is_covered
from owed
left join statements on owed.balance_date = statements.balance_date and owed.currency = statements.currency
