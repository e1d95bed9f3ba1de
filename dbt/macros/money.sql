{# A ratio as an exact numeric; null where there is nothing to divide by. #}
{% macro ratio(part, whole, scale=6) -%}
  round(cast({{ part }} as numeric) / nullif({{ whole }}, 0), {{ scale }})
{%- endmacro %}

{# Relative change against an earlier value; null where that was nothing. #}
{% macro change_rate(value, previous) -%}
  {{ ratio('(' ~ value ~ ') - (' ~ previous ~ ')', previous) }}
{%- endmacro %}

{#
  Percentile of an ordered array with linear interpolation, like percentile_cont, which works in double precision and so
  would not give back the cents that went in.
#}
{% macro exact_percentile(ordered, fraction) -%}
  {%- set position = '(' ~ fraction ~ ' * (cardinality(' ~ ordered ~ ') - 1))' -%}
  (
    {{ ordered }}[1 + cast(floor({{ position }}) as integer)]
    + ({{ position }} - floor({{ position }}))
    * (
      {{ ordered }}[1 + cast(ceil({{ position }}) as integer)]
      - {{ ordered }}[1 + cast(floor({{ position }}) as integer)]
    )
  )
{%- endmacro %}
