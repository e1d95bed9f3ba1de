{# What a wallet's movements add up to is its closing balance of the last day: no need to sum its days once more. #}
with movements as (
  select
    wallet_id,
    closing_balance as amount
  from {{ ref('wallet_balances_daily') }}
  where balance_date = (select last_date from {{ ref('int_date_bounds') }})
),

wallets as (
  select
    wallets.wallet_id,
    wallets.wallet_kind,
    wallets.currency,
    -- A virtual wallet has no balance but what its movements add up to.
    case when wallets.is_virtual then coalesce(movements.amount, 0) else wallets.balance end as balance,
    coalesce(wallets.is_virtual, false) as is_virtual,
    wallets.loaded_at,
    coalesce(movements.amount, 0) as movement_amount
  from {{ ref('stg_ewallet__wallets') }} as wallets
  left join movements on wallets.wallet_id = movements.wallet_id
),

{# All movements, whether or not their wallet has landed: they add up by themselves. #}
entries as (
  select
    currency,
    sum(net_amount) as amount
  from {{ ref('daily_wallet_movements') }}
  group by currency
),

fees_without_wallet as (
  select
    currency,
    count(*) as transaction_count
  from {{ ref('fct_transactions') }}
  where
    transaction_status = 'completed'
    and fee_amount > 0
    -- Mostly none, as the summary tells, and then the fact is not read.
    and currency in (
      select summary.currency from {{ ref('daily_transaction_summary') }} as summary
      where
        summary.fee_amount > 0
        and summary.currency not in (
          select wallets.currency from wallets
          where wallets.wallet_kind = 'fee'
        )
    )
  group by currency
),

{# What was set aside has arrived, so that the source's count holds; it is named in set_aside_rows. #}
arrived as (
  select
    currency,
    transaction_count as row_count,
    gross_amount as amount
  from {{ ref('daily_transaction_summary') }}
  union all
  select
    currency,
    1 as row_count,
    amount
  from {{ ref('stg_ewallet__set_aside') }}
  where stream = 'transactions' and decision = 'set aside'
),

counted as (
  select
    'transactions' as stream,
    currency,
    sum(row_count) as row_count,
    sum(amount) as amount
  from arrived
  group by currency
  union all
  select
    'wallets' as stream,
    currency,
    count(*) as row_count,
    sum(balance) as amount
  from wallets
  where not is_virtual
  group by currency
),

source_totals as (
  select
    totals.stream,
    totals.currency,
    totals.row_count as source_row_count,
    totals.amount as source_amount,
    totals.measured_at,
    coalesce(
      case
        when totals.currency is not null then counted.row_count
        else loads.present_row_count
      end, 0
    ) as row_count,
    coalesce(counted.amount, 0) as amount
  from {{ ref('stg_ewallet__control_totals') }} as totals
  left join counted on totals.stream = counted.stream and totals.currency = counted.currency
  left join {{ ref('stg_ewallet__loads') }} as loads on totals.stream = loads.stream
),

checks as (
  select
    'balance_equals_movements' as check_name,
    wallet_kind as subject,
    currency,
    sum(movement_amount) as expected_value,
    sum(balance) as actual_value,
    count(*) filter (where balance <> movement_amount) as mismatch_count,
    max(loaded_at) as checked_at
  from wallets
  group by wallet_kind, currency
  union all
  select
    'float_equals_liabilities' as check_name,
    'float' as subject,
    currency,
    sum(balance) filter (where wallet_kind <> 'float') as expected_value,
    -coalesce(sum(balance) filter (where wallet_kind = 'float'), 0) as actual_value,
    0 as mismatch_count,
    max(loaded_at) as checked_at
  from wallets
  group by currency
  union all
  select
    'double_entry_sums_to_zero' as check_name,
    'movements' as subject,
    entries.currency,
    0 as expected_value,
    entries.amount as actual_value,
    coalesce(fees_without_wallet.transaction_count, 0) as mismatch_count,
    (select max(wallets.loaded_at) from wallets) as checked_at
  from entries
  left join fees_without_wallet on entries.currency = fees_without_wallet.currency
  union all
  select
    'rows_match_source' as check_name,
    stream as subject,
    coalesce(currency, 'all') as currency,
    source_row_count as expected_value,
    row_count as actual_value,
    0 as mismatch_count,
    measured_at as checked_at
  from source_totals
  union all
  select
    'amounts_match_source' as check_name,
    stream as subject,
    currency,
    source_amount as expected_value,
    amount as actual_value,
    0 as mismatch_count,
    measured_at as checked_at
  from source_totals
  where source_amount is not null and currency is not null
)

select
  check_name,
  subject,
  currency,
  coalesce(expected_value, 0) as expected_value,
  coalesce(actual_value, 0) as actual_value,
  coalesce(actual_value, 0) - coalesce(expected_value, 0) as difference,
  mismatch_count,
  coalesce(actual_value, 0) = coalesce(expected_value, 0) and mismatch_count = 0 as is_reconciled,
  checked_at
from checks
