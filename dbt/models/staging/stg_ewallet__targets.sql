{# What the business has set out to reach, where somebody lands it; empty where the table is absent. #}
with set_out as (
  {{ rows_if_present(optional_landed_relation('targets'), {
    'month_start': ["date_trunc('month', month_start)", 'date'],
    'metric': ['metric', 'text'],
    'target': ['target', 'numeric(38, 6)'],
    'set_at': ['set_at', 'timestamp with time zone']
  }) | indent(2) }}
)

select distinct on (month_start, metric) *
from set_out
order by month_start asc, metric asc, set_at desc
