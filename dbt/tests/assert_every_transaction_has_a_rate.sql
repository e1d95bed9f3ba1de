{#
  After the marts: as a test of the fact alone, a single currency without a rate would skip every mart that reads it.
#}
-- depends_on: {{ ref('reconciliation') }}
{%- set without_rate -%}
select
  currency,
  min(transaction_date) as first_date,
  count(*) as transaction_count
from {{ ref('fct_transactions') }}
where exchange_rate is null
group by currency
order by currency
{%- endset -%}
{%- if execute -%}
  {%- for row in query_rows(without_rate) -%}
    {%- do log('no rate of ' ~ row['currency'] ~ ' on or before ' ~ row['first_date'] ~ ', for ' ~ row['transaction_count']
      ~ ' transactions; add it to the exchange_rates seed', info=true) -%}
  {%- endfor -%}
{%- endif %}
{{ without_rate }}
