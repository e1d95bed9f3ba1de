{# In every run, by currency: what completed transactions take from wallets is what they give to others. #}
{%- if execute -%}
  {%- set unbalanced -%}
    select
      currency,
      difference,
      mismatch_count
    from {{ ref('reconciliation') }}
    where check_name = 'double_entry_sums_to_zero' and not is_reconciled
    order by currency
  {%- endset -%}
  {%- for row in query_rows(unbalanced) -%}
    {%- do log('double entry of ' ~ row['currency'] ~ ' is off by ' ~ row['difference'] ~ (
      ': ' ~ row['mismatch_count'] ~ ' transactions have a fee, and the currency no fee wallet' if row['mismatch_count'] > 0
      else ': a completed transaction lacks a wallet on one side'
    ), info=true) -%}
  {%- endfor -%}
{%- endif -%}
select
  currency,
  difference,
  mismatch_count
from {{ ref('reconciliation') }}
where check_name = 'double_entry_sums_to_zero' and not is_reconciled
