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

{# A movement's amount as its reporting threshold is given: in its own currency, or else in the reporting currency. #}
{% macro structuring_amount() -%}
  {%- set thresholds = var('risk_structuring_thresholds') -%}
  case
    {{ "when currency in ('" ~ thresholds | join("', '") ~ "') then amount" if thresholds }}
    when true then amount_reporting
  end
{%- endmacro %}

{% macro structuring_threshold(currency='currency') -%}
  case
    {%- for code, threshold in var('risk_structuring_thresholds').items() %}
      when {{ currency }} = '{{ code }}' then {{ threshold }}
    {%- endfor %}
    when true then {{ var('risk_structuring_threshold') * var('reporting_amount_scale') }}
  end
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

{# A sum that came in as its least amount is given: in its own currency, or else in the reporting currency. #}
{% macro in_out_amount() -%}
  {%- set amounts = var('risk_in_out_amounts') -%}
  case
    {{ "when currency in ('" ~ amounts | join("', '") ~ "') then amount" if amounts }}
    when true then amount_reporting
  end
{%- endmacro %}

{% macro in_out_least() -%}
  case
    {%- for code, amount in var('risk_in_out_amounts').items() %}
      when currency = '{{ code }}' then {{ amount }}
    {%- endfor %}
    when true then {{ var('risk_in_out_amount') * var('reporting_amount_scale') }}
  end
{%- endmacro %}

{# Number of the stretch of so many minutes since 1970 that the instant is in. #}
{% macro time_bucket(instant, minutes) -%}
  cast(floor(extract(epoch from {{ instant }}) / {{ minutes * 60 }}) as bigint)
{%- endmacro %}
