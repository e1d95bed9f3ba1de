{#
  The query of a data test that finds keys (one text column, row_key): it says in the log what was found and the first five keys,
  never an amount. The query runs a second time, as the test itself, only where
  the first run found something: otherwise the test reads nothing.

  `read` lists the relations of the query. A part of the project may be built without all of them (dbt build --select), and a
  test of two models runs with either of them: then there is nothing to compare yet.
#}
{% macro findings(says, read, query) -%}
  {%- set nothing = 'select cast(null as text) as row_key where false' -%}
  {%- if not execute -%}
    {{ return(query) }}
  {%- endif -%}
  {%- for relation in read if not last_built(relation.schema, relation.identifier) -%}
    {{ return(nothing) }}
  {%- endfor -%}
  {%- set found = query_rows(
    'select count(*) as row_count, string_agg(row_key, \', \') filter (where place <= 5) as row_keys from ('
    ~ 'select row_key, row_number() over (order by row_key) as place from (' ~ query ~ ') as found'
    ~ ') as listed'
  )[0] -%}
  {%- if found['row_count'] == 0 -%}
    {{ return(nothing) }}
  {%- endif -%}
  {%- do log(says ~ ': ' ~ found['row_keys'] ~ (' and more, ' ~ found['row_count'] ~ ' in all' if found['row_count'] > 5 else ''),
    info=true) -%}
  {{ return(query) }}
{%- endmacro %}
