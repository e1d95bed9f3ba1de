{# Warns, and names rule and keys: marts are built without such rows, so somebody has to look at them. #}
{{ config(severity='warn') }}
{%- if execute -%}
  {%- set rules -%}
    select
      stream,
      rule,
      decision,
      max(rows_of_rule) as row_count,
      string_agg(row_key, ', ' order by row_key) filter (where place <= 5) as row_keys
    from (
      select
        rows_aside.*,
        row_number() over (partition by stream, rule order by row_key) as place
      from {{ ref('set_aside_rows') }} as rows_aside
    ) as listed
    group by stream, rule, decision
    order by stream, rule
  {%- endset -%}
  {%- for row in query_rows(rules) -%}
    {%- do log(row['stream'] ~ ': ' ~ row['rule'] ~ ' in ' ~ row['row_count'] ~ ' rows, ' ~ row['decision'] ~ ', keys '
      ~ row['row_keys'] ~ (' and more' if row['row_count'] > 5 else '') ~ ' (marts.set_aside_rows)', info=true) -%}
  {%- endfor -%}
{%- endif -%}
select
  stream,
  rule,
  decision,
  row_key
from {{ ref('set_aside_rows') }}
