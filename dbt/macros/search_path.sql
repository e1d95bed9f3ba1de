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

{#
  Reads back what own_names_first set, in a statement of its own: a pooler that sends the statements of a transaction to different
  servers or sessions would leave names to whatever path is there.
#}
{% macro own_names_hold() -%}
  {%- if execute -%}
    do $hold$
    declare
      found pg_catalog.text := pg_catalog.current_setting('search_path');
    begin
      if pg_catalog.split_part(found, ',', 1) operator(pg_catalog.<>) 'pg_catalog' then
        raise exception using
          errcode = 'object_not_in_prerequisite_state',
          message = pg_catalog.concat(
            'The server was asked for a search_path that begins with pg_catalog and answers ', found,
            ': a connection pooler stands between that does not keep the statements of a transaction together. ',
            'Connect to PostgreSQL itself, or set the pooler to pool_mode = session or transaction.'
          );
      end if;
    end
    $hold$
  {%- endif -%}
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
