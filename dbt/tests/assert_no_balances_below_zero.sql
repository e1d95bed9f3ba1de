{# Customers and merchants can spend what they have. A wallet that grants credit has such rows, and is right. #}
{{ config(severity='warn') }}
{%- set query -%}
select wallet_id || ' from ' || min(balance_date) as row_key
from {{ ref('wallet_balances_daily') }}
where wallet_kind in ('customer', 'merchant') and closing_balance < 0
group by wallet_id
{%- endset -%}
{{ findings('wallets of customers and merchants that are below zero', [ref('wallet_balances_daily')], query) }}
