{# Totals that the wallet's own database reported, where somebody lands them; empty where the table is absent. #}
{%- set schema = var('ewallet_schemas').get(var('ewallet_ingestion'), '') -%}
{%- set relation = optional_relation(schema, 'control_totals') if schema else none -%}
{% if relation %}
  select distinct on (stream, currency)
    cast(stream as text) as stream,
    cast(currency as text) as currency,
    cast(row_count as bigint) as row_count,
    cast(amount as numeric) as amount,
    cast(measured_at as timestamp with time zone) as measured_at
  from {{ relation }}
  order by stream asc, currency asc, measured_at desc
{% else %}
  select
    cast(null as text) as stream,
    cast(null as text) as currency,
    cast(null as bigint) as row_count,
    cast(null as numeric) as amount,
    cast(null as timestamp with time zone) as measured_at
  where false
{% endif %}
