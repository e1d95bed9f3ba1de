{{ config(indexes=[{'columns': ['wallet_id'], 'unique': true}]) }}

{%- set is_virtual = var('ewallet_virtual_wallets') | length > 0 -%}
{%- set balance = 'coalesce(wallets.balance, closing.closing_balance, 0)' if is_virtual else 'wallets.balance' %}

select
  wallets.wallet_id,
  wallets.wallet_kind,
  wallets.user_id,
  wallets.merchant_id,
  wallets.currency,
  {{ 'cast(' ~ balance ~ ' as ' ~ var('money_type') ~ ') as balance' if is_virtual else balance }},
  cast({{ balance }} * currencies.latest_rate as numeric(38, 6)) as balance_reporting,
  wallets.wallet_status,
  wallets.opened_at,
  wallets.opened_date
from {{ ref('stg_ewallet__wallets') }} as wallets
left join {{ ref('dim_currencies') }} as currencies on wallets.currency = currencies.currency
{%- if is_virtual %}
  left join {{ ref('wallet_balances_daily') }} as closing
    on
      wallets.wallet_id = closing.wallet_id
      and closing.balance_date = (select bounds.last_date from {{ ref('int_date_bounds') }} as bounds)
{%- endif %}
