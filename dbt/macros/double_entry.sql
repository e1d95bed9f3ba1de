{#
  Double entry: what each completed transaction takes from and gives to wallets. The source pays amount and fee, the
  destination receives the amount, the currency's fee wallet the fee, so the entries of a transaction add up to zero. What the
  destination bears of a fee (destination_fee_amount) comes out of what it receives, and the source does not pay it.

  Entries are three constant rows and a case: a lateral values list of expressions is set up again for each transaction, which took
  half of the time that their sums need.

  `transactions` and `fee_wallets` (currency, wallet_id) are names of relations or CTEs, `columns` goes along with each entry.
#}
{% macro double_entry(transactions, fee_wallets, columns) -%}
  select
    {{ columns | join(',\n    ') }},
    transactions.transaction_id,
    entries.entry,
    case entries.entry
      when 'paid' then transactions.source_wallet_id
      when 'received' then transactions.destination_wallet_id
      else fee_wallets.wallet_id
    end as wallet_id,
    transactions.currency,
    case entries.entry
      when 'paid' then -transactions.amount - transactions.fee_amount + transactions.destination_fee_amount
      when 'received' then transactions.amount - transactions.destination_fee_amount
      else transactions.fee_amount
    end as amount
  from {{ transactions }} as transactions
  left join {{ fee_wallets }} as fee_wallets on transactions.currency = fee_wallets.currency
  cross join (values ('paid'), ('received'), ('fee')) as entries (entry)
  where transactions.transaction_status = 'completed'
{%- endmacro %}

{# The wallet that a currency's fees go to: of several, the one with the lowest key. #}
{% macro fee_wallets(wallets) -%}
  select distinct on (currency)
    currency,
    wallet_id
  from {{ wallets }}
  where wallet_kind = 'fee'
  order by currency, wallet_id
{%- endmacro %}
