{# Records that the sink could not land, without their content; empty where its tables are absent. #}
{%- set relation = optional_relation(var('sink_schema'), 'dead_letters') -%}
{% if relation %}
  select
    connector,
    topic,
    substring(topic from '[^.]+$') as stream,
    partition as partition_number,
    "offset" as record_offset,
    error_class,
    failed_at
  from {{ relation }}
{% else %}
  select
    cast(null as text) as connector,
    cast(null as text) as topic,
    cast(null as text) as stream,
    cast(null as integer) as partition_number,
    cast(null as bigint) as record_offset,
    cast(null as text) as error_class,
    cast(null as timestamp with time zone) as failed_at
  where false
{% endif %}
