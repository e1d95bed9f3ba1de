{#
  PostgreSQL's own functions and operators come first on the search path, also where the role has a schema before pg_catalog; the
  role's path stays behind it for the types of extensions. For the transaction that it runs in: a pooler hands the connection on.
#}
{% macro own_names_first() -%}
  select pg_catalog.set_config(
    'search_path',
    pg_catalog.rtrim(pg_catalog.concat('pg_catalog, ', pg_catalog.current_setting('search_path')), ', '),
    true
  )
{%- endmacro %}

{# run_query with PostgreSQL's own names, in one message with the query: it may be outside of any transaction. #}
{% macro query_rows(sql) %}
  {{ return(run_query(own_names_first() ~ ';\n' ~ sql)) }}
{% endmacro %}

{# The statement that counts what a test found; materializations/tests.sql says why. #}
{% macro postgres__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) %}
  {{ own_names_first() }};
  {{ default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) }}
{% endmacro %}
