{#
  The mapping from somebody's wallet tables to the columns that the staging models give. Only staging models call these;
  README, "Another wallet", shows them at work.
#}

{# The relation of one of the wallet's tables, by the ingestion in use and the name that ewallet_tables gives it. #}
{% macro wallet_relation(table) %}
  {{ return(source('ewallet_' ~ var('ewallet_ingestion'), table)) }}
{% endmacro %}

{# The SQL expression that yields a canonical column: ewallet_columns.<table>.<column>, or the default. #}
{% macro wallet_column(table, column, default) -%}
  {{- var('ewallet_columns').get(table, {}).get(column, default) -}}
{%- endmacro %}

{# A key of the wallet, in the type that all keys have (key_type). #}
{% macro wallet_key(table, column, default) -%}
  cast({{ wallet_column(table, column, default) }} as {{ var('key_type') }})
{%- endmacro %}

{# A point in time of the wallet as timestamptz; ewallet_source_time_zone says where zoneless ones are at home. #}
{% macro wallet_time(table, column, default) -%}
  {%- set expression = wallet_column(table, column, default) -%}
  {%- if var('ewallet_source_time_zone') -%}
    (cast({{ expression }} as timestamp) at time zone '{{ var("ewallet_source_time_zone") }}')
  {%- else -%}
    cast({{ expression }} as timestamp with time zone)
  {%- endif -%}
{%- endmacro %}

{# When the row version was landed: the sink's clock, or for a replica whatever the mapping names. #}
{% macro wallet_loaded_at(table, replica_default) -%}
  {%- if var('ewallet_ingestion') == 'kafka' -%}
    _loaded_at
  {%- else -%}
    {{ wallet_time(table, 'loaded_at', replica_default) }}
  {%- endif -%}
{%- endmacro %}

{% macro wallet_extracted_at() -%}
  {%- if var('ewallet_ingestion') == 'kafka' -%}
    _airbyte_extracted_at
  {%- else -%}
    cast(null as timestamp with time zone)
  {%- endif -%}
{%- endmacro %}

{# Whether each row of the table is its key's only version: the sink's upsert mode keeps a unique index on it. #}
{% macro holds_one_version(table, key) %}
  {%- if execute -%}
    {%- set relation = wallet_relation(table) -%}
    {%- set column = wallet_column(table, key, key) -%}
    {{ return(is_unique_in(relation, [column]) or is_unique_over_partitions(relation, column)) }}
  {%- endif -%}
  {{ return(false) }}
{% endmacro %}

{# The soft-delete column that a loader added to the table, or none. #}
{% macro deletion_column(table) %}
  {%- if execute -%}
    {%- set names = adapter.get_columns_in_relation(wallet_relation(table)) | map(attribute='name') | list -%}
    {{ return(['_ab_cdc_deleted_at', '_deleted_at'] | select('in', names) | first | default(none)) }}
  {%- endif -%}
  {{ return(none) }}
{% endmacro %}

{#
  The latest version of each row that has not been deleted, to select from. A table that holds one version needs no window
  over all of it, which at a million rows saves a sort of seconds.
#}
{% macro latest_rows(table, key, replica_order) %}
  {%- set relation = wallet_relation(table) -%}
  {%- set key_column = wallet_column(table, key, key) -%}
  {%- set deletion = deletion_column(table) -%}
  (
    select *
    from
      {% if holds_one_version(table, key) -%}
      {{ relation }} as versions
      {%- else -%}
      (
        select distinct on ({{ key_column }}) *
        from {{ relation }}
        order by
          {{ key_column }},
          {% if var('ewallet_ingestion') == 'kafka' -%}
          _loaded_at desc, _kafka_offset desc
          {%- else -%}
          {{ wallet_column(table, 'loaded_at', replica_order) }} desc
          {%- endif %}
      ) as versions
      {%- endif %}
    {{ 'where ' ~ deletion ~ ' is null' if deletion }}
  ) as source_rows
{%- endmacro %}

{# Joins the value map for one domain; the value that it has no line for becomes 'unmapped'. #}
{% macro map_join(domain, alias, expression) -%}
  left join {{ ref('value_map') }} as {{ alias }}
    on {{ alias }}.domain = '{{ domain }}' and {{ alias }}.from_value = cast({{ expression }} as text)
{%- endmacro %}

{% macro mapped(alias, expression) -%}
  case when {{ expression }} is not null then coalesce({{ alias }}.to_value, 'unmapped') end
{%- endmacro %}

{# Salted SHA-256 in hex, to join and count personal data without reading it. #}
{% macro hashed(expression) -%}
  encode(sha256(convert_to('{{ var("hash_salt") | replace("'", "''") }}' || {{ expression }}, 'UTF8')), 'hex')
{%- endmacro %}

{#
  An amount in the currency's main unit: divided by currency_map.minor_unit_divisor where the wallet counts minor units.
  Minor units are integers, which PostgreSQL would divide without their remainder.
#}
{% macro in_major_units(expression) -%}
  case
    when coalesce(currency_map.minor_unit_divisor, 1) = 1 then {{ expression }}
    else cast({{ expression }} as numeric) / currency_map.minor_unit_divisor
  end
{%- endmacro %}
