{#
  Whose a wallet is, with the merchant's category. changed_at tells int_transaction_changes which wallets' transactions
  read differently now: a wallet that arrives after its transactions, or a merchant moved to another category.
#}
{{ config(materialized='incremental', incremental_strategy='merge_changed', unique_key=['wallet_id']) }}

select
  wallets.wallet_id,
  wallets.wallet_kind,
  wallets.user_id,
  wallets.merchant_id,
  merchants.merchant_category,
  wallets.currency,
  wallets.opened_date,
  {{ changing_at() }} as changed_at
from {{ ref('stg_ewallet__wallets') }} as wallets
left join {{ ref('stg_ewallet__merchants') }} as merchants
  on wallets.merchant_id = merchants.merchant_id
