{#
  A relation that dbt reads with `--empty` (and `--sample`) comes as a subquery that has a name already: a name of the model's own
  behind it is a syntax error, and without one PostgreSQL 14 and 15 refuse it. So what is landed comes empty, under the name that
  every reader of it gives it, and models are read as they are: built from nothing, they are empty too.
#}
{% macro ref() %}
  {%- do return(builtins.ref(*varargs, **kwargs).replace(limit=none)) -%}
{% endmacro %}
