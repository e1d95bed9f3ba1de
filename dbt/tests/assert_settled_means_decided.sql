{# A transaction has a time of settling from when it is completed or failed, and not before it was made. #}
{{ config(severity='warn') }}
{%- set query -%}
select cast(transaction_id as text) as row_key
from {{ ref('fct_transactions') }}
where
  (transaction_status in ('completed', 'failed') and settled_at is null)
  or (transaction_status = 'pending' and settled_at is not null)
  or settled_at < created_at
{%- endset -%}
{{ findings(
  'transactions whose state and time of settling contradict each other', [ref('fct_transactions')], query
) }}
