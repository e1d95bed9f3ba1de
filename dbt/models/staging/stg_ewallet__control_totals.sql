{# Totals that the wallet's own database reported, where somebody lands them; empty where the table is absent. #}
with reported as (
  {{ rows_if_present(optional_landed_relation('control_totals'), {
    'stream': ['stream', 'text'],
    'currency': ['currency', 'text'],
    'row_count': ['row_count', 'bigint'],
    'amount': ['amount', 'numeric'],
    'measured_at': ['measured_at', 'timestamp with time zone']
  }) | indent(2) }}
)

select distinct on (stream, currency) *
from reported
order by stream asc, currency asc, measured_at desc
