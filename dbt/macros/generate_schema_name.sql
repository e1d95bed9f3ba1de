{#
  Schemas are exactly the ones the models name (staging, intermediate, marts), without the target's own in front:
  dashboards and grants address marts by that name in every environment. A separate environment is a database of its own.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
