{# Fails with every combination of the columns that occurs more than once, nulls counted as equal: a mart's grain. #}
{% test unique_grain(model, columns) %}
  select
    {{ columns | join(', ') }},
    count(*) as row_count
  from {{ model }}
  group by {{ columns | join(', ') }}
  having count(*) > 1
{% endtest %}
