{#
  Double entry: what each completed transaction takes from and gives to wallets. The amount goes from source to destination,
  the fee from source to the currency's fee wallet, so the entries of a transaction add up to zero.
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
    ('amount_out', transactions.source_wallet_id, -transactions.amount),
    ('amount_in', transactions.destination_wallet_id, transactions.amount),
    ('fee_out', transactions.source_wallet_id, -transactions.fee_amount),
    ('fee_in', fee_wallets.wallet_id, transactions.fee_amount)
  ) as entries (entry, wallet_id, amount)
where transactions.transaction_status = 'completed' and entries.amount != 0
