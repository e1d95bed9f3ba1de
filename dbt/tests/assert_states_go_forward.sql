{# What was completed or failed stays so: money does not unhappen, it goes back by another transaction. #}
{{ config(severity='warn') }}
{%- set query -%}
select distinct cast(was.transaction_id as text) as row_key
from {{ ref('int_transaction_changes') }} as was
inner join {{ ref('int_transaction_changes') }} as became
  on
    was.changed_at = became.changed_at
    and was.transaction_id = became.transaction_id
    and became.image = 'after'
where
  was.image = 'before'
  and was.transaction_status in ('completed', 'failed')
  and was.transaction_status <> became.transaction_status
{%- endset -%}
{{ findings('transactions that left a final state', [ref('int_transaction_changes')], query) }}
