{# Double-entry movements of completed transactions, as the wallet has them now (see the macro). #}
with fee_wallets as (
  {{ fee_wallets(ref('stg_ewallet__wallets')) }}
),

entries as (
  {{ double_entry(ref('stg_ewallet__transactions'), 'fee_wallets', [
    'coalesce(transactions.settled_at, transactions.created_at) as moved_at'
  ]) | indent(2) }}
)

select
  transaction_id,
  entry,
  wallet_id,
  currency,
  amount,
  moved_at,
  {{ local_date('moved_at') }} as movement_date
from entries
where amount != 0
