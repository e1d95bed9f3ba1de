{#
  The mapping from somebody's wallet tables to the columns that the staging models give. Only staging models call these;
  README, "Another wallet", shows them at work.
#}

{# The relation of one of the wallet's tables, by the ingestion in use and the name that ewallet_tables gives it. #}
{% macro wallet_relation(table) %}
  {{ return(source('ewallet_' ~ var('ewallet_ingestion'), table).replace(require_alias=false)) }}
{% endmacro %}

{#
  The SQL expression that yields a canonical column: ewallet_columns.<table>.<column>, or the default. It reads the table's own
  columns; a subquery in it names the row by `source_rows`. Of a table that the wallet does not have (ewallet_absent) it is null.
#}
{% macro wallet_column(table, column, default) -%}
  {%- set worked_out = operation_columns() if table == 'transactions' else {} -%}
  {{ worked_out.get(column) or landed_column(table, column, default) }}
{%- endmacro %}

{# The same over a row as it landed, before rows are joined to operations (macros/operations.sql). #}
{% macro landed_column(table, column, default) -%}
  {%- if table in var('ewallet_absent') -%}
    {{ default if table == 'currencies' else 'null' }}
  {%- else -%}
    {{ var('ewallet_columns').get(table, {}).get(column, default) }}
  {%- endif -%}
{%- endmacro %}

{# An expression of a row that is not deleted: personal data ends with the person's account. #}
{% macro unless_deleted(table, expression) -%}
  {%- set deleted = var('ewallet_deleted_when').get(table) -%}
  {{- 'case when (' ~ deleted ~ ') is not true then ' ~ expression ~ ' end' if deleted else expression -}}
{%- endmacro %}

{# The status of a customer, merchant or wallet: of a deleted one `closed`, as what it did before remains. #}
{% macro status_unless_deleted(table, expression) -%}
  {%- set deleted = var('ewallet_deleted_when').get(table) -%}
  {{- "case when " ~ deleted ~ " then 'closed' else " ~ expression ~ ' end' if deleted else expression -}}
{%- endmacro %}

{#
  The rows of a table, all versions of them, for counts and times of arrival. Of a table that the wallet does not have there are
  none; the currencies of a wallet without such a table are those of its map.
#}
{% macro landed_rows(table) -%}
  {%- if table not in var('ewallet_absent') -%}
    {{ wallet_relation(table) }} as source_rows
  {%- else -%}
    (
      select
        {%- if table == 'currencies' %}
        from_currency as code,
        to_currency as name,
        case to_currency
          {%- for code, places in var('ewallet_currency_digits').items() %}
          when '{{ code }}' then {{ places }}
          {%- endfor %}
          else round(log(minor_unit_divisor))
        end as scale,
        cast(null as timestamp with time zone) as updated_at,
        {%- endif %}
        cast(null as timestamp with time zone) as _loaded_at,
        cast(null as timestamp with time zone) as _airbyte_extracted_at
      {{ 'from ' ~ ref('currency_map') if table == 'currencies' else 'where false' }}
    ) as source_rows
  {%- endif -%}
{%- endmacro %}

{# A key of the wallet, in the type that all keys have (key_type). #}
{% macro wallet_key(table, column, default) -%}
  cast({{ wallet_column(table, column, default) }} as {{ var('key_type') }})
{%- endmacro %}

{# A point in time of the wallet as timestamptz. #}
{% macro wallet_time(table, column, default) -%}
  {{ instant(wallet_column(table, column, default)) }}
{%- endmacro %}

{# ewallet_source_time_zone says where timestamps without a zone are at home. #}
{% macro instant(expression) -%}
  {%- if var('ewallet_source_time_zone') -%}
    (cast({{ expression }} as timestamp) at time zone '{{ var("ewallet_source_time_zone") }}')
  {%- else -%}
    cast({{ expression }} as timestamp with time zone)
  {%- endif -%}
{%- endmacro %}

{# When the row was landed, or of an operation of several rows the last of them. #}
{% macro wallet_loaded_at(table, replica_default) -%}
  {{ 'ewallet_loaded_at' if table == 'transactions' and var('ewallet_operations') else row_loaded_at(table, replica_default) }}
{%- endmacro %}

{# When the row version was landed: the sink's clock, or for a replica whatever the mapping names. #}
{% macro row_loaded_at(table, replica_default) -%}
  {%- if var('ewallet_ingestion') == 'kafka' -%}
    _loaded_at
  {%- else -%}
    {{ instant(landed_column(table, 'loaded_at', replica_default)) }}
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
  {%- if execute and table not in var('ewallet_absent') -%}
    {%- set relation = wallet_relation(table) -%}
    {%- set column = landed_column(table, key, key) -%}
    {{ return(is_unique_in(relation, [column]) or is_unique_over_partitions(relation, column)) }}
  {%- endif -%}
  {{ return(false) }}
{% endmacro %}

{# The soft-delete column that a loader added to the table, or none. #}
{% macro deletion_column(table) %}
  {%- if execute and table not in var('ewallet_absent') -%}
    {%- set names = adapter.get_columns_in_relation(wallet_relation(table)) | map(attribute='name') | list -%}
    {{ return(['_ab_cdc_deleted_at', '_deleted_at'] | select('in', names) | first | default(none)) }}
  {%- endif -%}
  {{ return(none) }}
{% endmacro %}

{# What happened, or who there is, each as one row, to select from: transactions of several rows are joined to one. #}
{% macro latest_rows(table, key, replica_order) -%}
  {%- if table == 'transactions' and var('ewallet_operations') -%}
  {{ operations(latest_versions(table, key, replica_order)) }}
  {%- else -%}
  {{ latest_versions(table, key, replica_order) }}
  {%- endif -%}
{%- endmacro %}

{#
  The latest version of each row that has not been deleted. A table that holds one version needs no window over all of it, which
  at a million rows saves a sort of seconds.
#}
{% macro latest_versions(table, key, replica_order) %}
  {%- if table in var('ewallet_absent') -%}
  {{ landed_rows(table) }}
  {%- else -%}
  {%- set relation = wallet_relation(table) -%}
  {%- set key_column = landed_column(table, key, key) -%}
  (
    select *
    from
      {% if holds_one_version(table, key) -%}
      {{ relation }} as versions
      {%- else -%}
      (
        select distinct on ({{ key_column }}) *
        from {{ relation }} as source_rows
        order by
          {{ key_column }},
          {% if var('ewallet_ingestion') == 'kafka' -%}
          _loaded_at desc, _kafka_offset desc
          {%- else -%}
          {{ landed_column(table, 'loaded_at', replica_order) }} desc
          {%- endif %}
      ) as versions
      {%- endif %}
    {{ meant_rows(table) }}
  ) as source_rows
  {%- endif -%}
{%- endmacro %}

{#
  The condition that a row must meet to be one of the table's, or nothing: not deleted by a loader, meant by ewallet_filters where a
  table holds others too, and for what happened, not deleted by the wallet. Customers, merchants and wallets that the wallet deleted
  remain, as closed: what they did, and what they hold, is still there.
#}
{% macro meant_rows(table) -%}
  {%- set conditions = [] -%}
  {%- set deletion = deletion_column(table) -%}
  {%- if deletion -%}{%- do conditions.append(deletion ~ ' is null') -%}{%- endif -%}
  {%- if var('ewallet_filters').get(table) -%}
    {%- do conditions.append('(' ~ var('ewallet_filters')[table] ~ ')') -%}
  {%- endif -%}
  {%- if var('ewallet_deleted_when').get(table) and table in ['transactions', 'user_activity', 'currencies'] -%}
    {%- do conditions.append('(' ~ var('ewallet_deleted_when')[table] ~ ') is not true') -%}
  {%- endif -%}
  {{- 'where ' ~ conditions | join(' and ') if conditions -}}
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
