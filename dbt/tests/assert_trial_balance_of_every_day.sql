{# Errors of two days can cancel out in the whole: what wallets of a currency get and give is the same on every day. #}
{{ config(severity='warn') }}
{%- set query -%}
select movement_date || ' ' || currency as row_key
from {{ ref('daily_wallet_movements') }}
group by movement_date, currency
having sum(net_amount) <> 0
{%- endset -%}
{{ findings('days on which what wallets got is not what others gave', [ref('daily_wallet_movements')], query) }}
