{#
  Double entry: what each completed transaction takes from and gives to wallets. The source pays amount and fee, the
  destination receives the amount, the currency's fee wallet the fee, so the entries of a transaction add up to zero.
#}
with fee_wallets as (
  select distinct on (currency)
    currency,
    wallet_id
  from {{ ref('stg_ewallet__wallets') }}
  where wallet_kind = 'fee'
  order by currency, wallet_id
)

select
  transactions.transaction_id,
  entries.entry,
  entries.wallet_id,
  transactions.currency,
  entries.amount,
  coalesce(transactions.settled_at, transactions.created_at) as moved_at,
  {{ local_date('coalesce(transactions.settled_at, transactions.created_at)') }} as movement_date
from {{ ref('stg_ewallet__transactions') }} as transactions
left join fee_wallets on transactions.currency = fee_wallets.currency
cross join
  lateral (
    values
    ('paid', transactions.source_wallet_id, -transactions.amount - transactions.fee_amount),
    ('received', transactions.destination_wallet_id, transactions.amount),
    ('fee', fee_wallets.wallet_id, transactions.fee_amount)
  ) as entries (entry, wallet_id, amount)
where transactions.transaction_status = 'completed' and entries.amount != 0
