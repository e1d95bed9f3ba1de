{#
  Fails with every combination of the columns that occurs more than once, nulls counted as equal: a mart's grain. Where a unique
  index on not-null columns holds it, the database has refused such rows already, and nothing is counted again.
#}
{% test unique_grain(model, columns) %}
  {%- if execute and is_unique_in(model, columns, and_not_null=true) %}
    select 'kept by an index' as grain
    where false
  {%- else %}
    select
      {{ columns | join(', ') }},
      count(*) as row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
  {%- endif %}
{% endtest %}
