{#
  Late rows are where an incremental model goes wrong: the fact is what all transactions give when computed again. Off unless asked
  for (compare_rebuild), as it computes every transaction, and what lands meanwhile differs.
#}
{{ config(severity='warn', enabled=var('compare_rebuild')) }}
{%- set columns = [
  'transaction_type', 'return_kind', 'transaction_status', 'is_held', 'channel', 'currency', 'amount', 'fee_amount',
  'net_amount', 'amount_reporting', 'source_wallet_id', 'destination_wallet_id', 'user_id', 'merchant_id',
  'refund_of_transaction_id', 'created_at', 'settled_at', 'transaction_date'
] -%}
{%- set query -%}
select cast(coalesce(fact.transaction_id, rebuilt.transaction_id) as text) as row_key
from {{ ref('fct_transactions') }} as fact
full outer join {{ ref('int_transactions') }} as rebuilt on fact.transaction_id = rebuilt.transaction_id
where
  (
    {% for column in columns %}fact.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
  ) is distinct from (
    {% for column in columns %}rebuilt.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
  )
{%- endset -%}
{{ findings(
  'transactions that are otherwise when computed again', [ref('fct_transactions'), ref('int_transactions')], query
) }}
