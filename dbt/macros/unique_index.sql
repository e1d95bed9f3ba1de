{# Whether the database itself keeps the columns unique together in the relation. #}
{% macro is_unique_in(relation, columns, and_not_null=false) %}
  {%- set names = [] -%}
  {%- for column in columns -%}{%- do names.append("'" ~ column | replace("'", "''") ~ "'") -%}{%- endfor -%}
  {%- set found = query_rows(
    "select count(*) from pg_catalog.pg_index i"
    ~ " join pg_catalog.pg_class c on c.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
    ~ " where i.indisunique and i.indisvalid and i.indpred is null and i.indnkeyatts = " ~ columns | length
    ~ " and n.nspname = '" ~ (relation.schema or '') ~ "' and c.relname = '" ~ relation.identifier ~ "'"
    ~ " and " ~ columns | length ~ " = (select count(*) from pg_catalog.pg_attribute a where a.attrelid = i.indrelid"
    ~ " and a.attnum = any (i.indkey) and a.attname in (" ~ names | join(', ') ~ ")"
    ~ (" and a.attnotnull" if and_not_null else "") ~ ")"
  ) -%}
  {{ return(found.columns[0].values()[0] > 0) }}
{% endmacro %}

{#
  The same for a table that the sink keeps in monthly partitions: PostgreSQL wants the partition column in the index, and the
  sink sees to it that the key alone is unique over all months.
#}
{% macro is_unique_over_partitions(relation, column) %}
  {%- set found = query_rows(
    "select count(*) from pg_catalog.pg_index i"
    ~ " join pg_catalog.pg_class c on c.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
    ~ " join pg_partitioned_table p on p.partrelid = c.oid"
    ~ " join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]"
    ~ " where i.indisunique and i.indisvalid and i.indpred is null and i.indnkeyatts = 2"
    ~ " and p.partnatts = 1 and i.indkey[1] = p.partattrs[0]"
    ~ " and exists (select from pg_catalog.pg_attribute o where o.attrelid = c.oid and o.attname = '_kafka_offset')"
    ~ " and n.nspname = '" ~ (relation.schema or '') ~ "' and c.relname = '" ~ relation.identifier ~ "'"
    ~ " and a.attname = '" ~ column | replace("'", "''") ~ "'"
  ) -%}
  {{ return(found.columns[0].values()[0] > 0) }}
{% endmacro %}
