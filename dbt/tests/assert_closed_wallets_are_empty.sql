{# Money in a closed wallet is owed to somebody who cannot take it. #}
{{ config(severity='warn') }}
{%- set query -%}
select cast(wallet_id as text) as row_key
from {{ ref('dim_wallets') }}
where wallet_status = 'closed' and balance <> 0
{%- endset -%}
{{ findings('closed wallets with a balance', [ref('dim_wallets')], query) }}
