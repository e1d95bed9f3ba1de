{#
  Events of customers, each with the start of the window that it may fill: the moment of the (count - 1)-th event before. Only
  events of one subject, such as a currency, fill a window together.
#}
{% macro events_in_windows(signal_type, relation, occurred_at, key, condition, count, minutes, subject=none) -%}
  {%- set partition = 'user_id' ~ (', ' ~ subject if subject) -%}
  select
    '{{ signal_type }}' as signal_type,
    user_id,
    {{ subject if subject else "''" }} as subject,
    {{ occurred_at }} as occurred_at,
    lag({{ occurred_at }}, {{ count - 1 }}) over (partition by {{ partition }} order by {{ occurred_at }}, {{ key }})
      as burst_start,
    interval '{{ minutes }} minutes' as burst_length,
    {{ count }} as threshold
  from {{ relation }}
  where {{ condition }} and user_id is not null
{%- endmacro %}

{# A movement's amount as a limit for it is given: in its own currency where `limits` has that, else in the reporting currency. #}
{% macro amount_as_limited(limits) -%}
  case
    {{ "when currency in ('" ~ limits | join("', '") ~ "') then amount" if limits }}
    when true then amount_reporting
  end
{%- endmacro %}

{# The limit of a currency: its own where `limits` has one, else that in the reporting currency. #}
{% macro limit_of(limits, reporting_limit, currency='currency') -%}
  case
    {%- for code, own in limits.items() %}
      when {{ currency }} = '{{ code }}' then {{ own }}
    {%- endfor %}
    when true then {{ reporting_limit * var('reporting_amount_scale') }}
  end
{%- endmacro %}

{% macro structuring_amount() -%}
  {{ amount_as_limited(var('risk_structuring_thresholds')) }}
{%- endmacro %}

{% macro structuring_threshold(currency='currency') -%}
  {{ limit_of(var('risk_structuring_thresholds'), var('risk_structuring_threshold'), currency) }}
{%- endmacro %}

{% macro in_out_amount() -%}
  {{ amount_as_limited(var('risk_in_out_amounts')) }}
{%- endmacro %}

{% macro in_out_least() -%}
  {{ limit_of(var('risk_in_out_amounts'), var('risk_in_out_amount')) }}
{%- endmacro %}

{% macro structuring_currency(currency) -%}
  {%- set thresholds = var('risk_structuring_thresholds') -%}
  case
    {{ "when " ~ currency ~ " in ('" ~ thresholds | join("', '") ~ "') then " ~ currency if thresholds }}
    when true then '{{ var("reporting_currency") }}'
  end
{%- endmacro %}

{# Money that came in or went out just below its threshold. #}
{% macro is_just_below_threshold() -%}
  transaction_status = 'completed'
  and transaction_type in ('top_up', 'transfer', 'withdrawal')
  and {{ structuring_amount() }} >= {{ var('risk_structuring_band') }} * {{ structuring_threshold() }}
  and {{ structuring_amount() }} < {{ structuring_threshold() }}
{%- endmacro %}

{# Number of the stretch of so many minutes since 1970 that the instant is in. #}
{% macro time_bucket(instant, minutes) -%}
  cast(floor(extract(epoch from {{ instant }}) / {{ minutes * 60 }}) as bigint)
{%- endmacro %}
