{# What the sink has landed from each Kafka partition; empty where its tables are absent. #}
{%- set relation = optional_relation(var('sink_schema'), 'offsets') -%}
{% if relation %}
  select
    connector,
    topic,
    substring(topic from '[^.]+$') as stream,
    partition as partition_number,
    next_offset,
    updated_at
  from {{ relation }}
{% else %}
  select
    cast(null as text) as connector,
    cast(null as text) as topic,
    cast(null as text) as stream,
    cast(null as integer) as partition_number,
    cast(null as bigint) as next_offset,
    cast(null as timestamp with time zone) as updated_at
  where false
{% endif %}
