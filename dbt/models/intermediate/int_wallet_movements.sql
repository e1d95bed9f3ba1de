{#
  Double entry: what each completed transaction takes from and gives to wallets. The source pays amount and fee, the
  destination receives the amount, the currency's fee wallet the fee, so the entries of a transaction add up to zero.

  Entries are three constant rows and a case: a lateral values list of expressions is set up anew for each transaction, which took
  half of the time that int_wallet_movement_days needs.
#}
with fee_wallets as (
  select distinct on (currency)
    currency,
    wallet_id
  from {{ ref('stg_ewallet__wallets') }}
  where wallet_kind = 'fee'
  order by currency, wallet_id
),

entries as (
  select
    transactions.transaction_id,
    entries.entry,
    case entries.entry
      when 'paid' then transactions.source_wallet_id
      when 'received' then transactions.destination_wallet_id
      else fee_wallets.wallet_id
    end as wallet_id,
    transactions.currency,
    case entries.entry
      when 'paid' then -transactions.amount - transactions.fee_amount
      when 'received' then transactions.amount
      else transactions.fee_amount
    end as amount,
    coalesce(transactions.settled_at, transactions.created_at) as moved_at,
    {{ local_date('coalesce(transactions.settled_at, transactions.created_at)') }} as movement_date
  from {{ ref('stg_ewallet__transactions') }} as transactions
  left join fee_wallets on transactions.currency = fee_wallets.currency
  cross join (values ('paid'), ('received'), ('fee')) as entries (entry)
  where transactions.transaction_status = 'completed'
)

select *
from entries
where amount != 0
