{# An amount has no more decimal places than its currency: half a yen is a wrong scale, or a fee that nobody rounded. #}
{{ config(severity='warn') }}
{%- set query -%}
select cast(transactions.transaction_id as text) as row_key
from {{ ref('fct_transactions') }} as transactions
inner join {{ ref('dim_currencies') }} as currencies on transactions.currency = currencies.currency
where
  transactions.amount <> round(transactions.amount, currencies.decimal_places)
  or transactions.fee_amount <> round(transactions.fee_amount, currencies.decimal_places)
{%- endset -%}
{{ findings(
  'transactions with more decimal places than their currency has',
  [ref('fct_transactions'), ref('dim_currencies')],
  query
) }}
