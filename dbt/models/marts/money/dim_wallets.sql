{{ config(indexes=[{'columns': ['wallet_id'], 'unique': true}]) }}

select
  wallets.wallet_id,
  wallets.wallet_kind,
  wallets.user_id,
  wallets.merchant_id,
  wallets.currency,
  wallets.balance,
  cast(wallets.balance * currencies.latest_rate as numeric(38, 6)) as balance_reporting,
  wallets.wallet_status,
  wallets.opened_at,
  wallets.opened_date
from {{ ref('stg_ewallet__wallets') }} as wallets
left join {{ ref('dim_currencies') }} as currencies on wallets.currency = currencies.currency
