{# A wallet's day opens with what the day before closed with, no day is left out, and what flowed explains the rest. #}
{{ config(severity='warn') }}
{%- set query -%}
select wallet_id || ' on ' || balance_date as row_key
from (
  select
    wallet_id,
    balance_date,
    opening_balance,
    inflow_amount,
    outflow_amount,
    closing_balance,
    lag(closing_balance) over days as closed_before,
    lag(balance_date) over days as date_before
  from {{ ref('wallet_balances_daily') }}
  window days as (partition by wallet_id order by balance_date)
) as days
where
  opening_balance <> closed_before
  or balance_date <> date_before + 1
  or opening_balance + inflow_amount - outflow_amount <> closing_balance
{%- endset -%}
{{ findings('days of wallets that do not continue the day before', [ref('wallet_balances_daily')], query) }}
