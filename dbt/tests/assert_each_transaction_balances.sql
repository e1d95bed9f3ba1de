{# Double entry by transaction: a completed one that lacks a side takes money from nobody or gives it to nobody. #}
{{ config(severity='warn') }}
{%- set query -%}
select cast(transaction_id as text) as row_key
from {{ ref('fct_transactions') }}
where
  transaction_status = 'completed'
  and (source_wallet_id is null or destination_wallet_id is null)
{%- endset -%}
{{ findings('completed transactions without a wallet on one side', [ref('fct_transactions')], query) }}
