{# A table that not every installation has, or none. #}
{% macro optional_relation(schema, name) %}
  {%- if execute -%}
    {{ return(adapter.get_relation(database=target.database, schema=schema, identifier=name)) }}
  {%- endif -%}
  {{ return(none) }}
{% endmacro %}

{# The same where the wallet's own tables land. #}
{% macro optional_landed_relation(name) %}
  {%- set schema = var('ewallet_schemas').get(var('ewallet_ingestion'), '') -%}
  {{ return(optional_relation(schema, name) if schema else none) }}
{% endmacro %}

{#
  The rows of an optional table, or none where it is absent, with the same columns: name -> [expression, type].
#}
{% macro rows_if_present(relation, columns) -%}
  select
    {%- for name, (expression, type) in columns.items() %}
      cast({{ expression if relation else 'null' }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
  {{ 'from ' ~ relation if relation else 'where false' }}
{%- endmacro %}
