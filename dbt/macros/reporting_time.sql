{# Wall-clock time in the reporting time zone. #}
{% macro local_time(instant) -%}
  ({{ instant }} at time zone '{{ var("reporting_time_zone") }}')
{%- endmacro %}

{% macro local_date(instant) -%}
  cast({{ local_time(instant) }} as date)
{%- endmacro %}

{#
  The instant at which the local hour began. Minutes and seconds are taken off the instant itself, so that both hours of
  an autumn night keep their own row (date_trunc on local time would fold them into one).
#}
{% macro local_hour_start(instant) -%}
  {{ instant }} - ({{ local_time(instant) }} - date_trunc('hour', {{ local_time(instant) }}))
{%- endmacro %}
