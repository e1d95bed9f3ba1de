{# What payments cost by bills and statements, where somebody lands them; empty where the table is absent. #}
with reported as (
  {{ rows_if_present(optional_landed_relation('payment_costs'), {
    'reference': ['reference', 'text'],
    'cost_date': ['cost_date', 'date'],
    'currency': ['currency', 'text'],
    'cost_kind': ['kind', 'text'],
    'amount': ['amount', var('money_type')],
    'reported_at': ['reported_at', 'timestamp with time zone']
  }) | indent(2) }}
)

select distinct on (reference) *
from reported
order by reference asc, reported_at desc
