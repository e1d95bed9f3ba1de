{# Deleted rows leave the totals, but the wallets of transactions that stay have to stay: else money is nobody's. #}
{{ config(severity='warn') }}
{%- set query -%}
select cast(transaction_id as text) as row_key
from {{ ref('fct_transactions') }}
where
  (source_wallet_id is not null and source_wallet_kind is null)
  or (destination_wallet_id is not null and destination_wallet_kind is null)
{%- endset -%}
{{ findings('transactions with a wallet that has not landed or vanished', [ref('fct_transactions')], query) }}
