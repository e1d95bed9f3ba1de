{# Fails with the names, which dbt itself would only count. #}
{%- if execute -%}
  {%- for row in query_rows('select * from ' ~ ref('int_unmapped_values') ~ ' order by domain, from_value') -%}
    {%- do log('unmapped ' ~ row['domain'] ~ ': "' ~ row['from_value'] ~ '" in ' ~ row['row_count'] ~ ' rows; add it to the '
      ~ ('currency_map' if row['domain'] == 'currency' else 'value_map') ~ ' seed', info=true) -%}
  {%- endfor -%}
{%- endif -%}
select
  domain,
  from_value,
  row_count
from {{ ref('int_unmapped_values') }}
