{#
  The table that an earlier run left of risk_signals, or none where everything is built: for the models that it is built from, where
  ref() would be a circle. Where they are only parsed it is there, as that is the longer way through them.
#}
{% macro built_risk_signals() -%}
  {%- if not execute -%}
    {{ return(this) }}
  {%- elif flags.FULL_REFRESH -%}
    {{ return(none) }}
  {%- endif -%}
  {%- set left = last_built('marts', 'risk_signals') -%}
  {{ return(left if left is not none and left.is_table else none) }}
{%- endmacro %}

{# Days that a window of so many minutes may reach back. #}
{% macro days_of(minutes) -%}
  {{ return((minutes + 1439) // 1440) }}
{%- endmacro %}

{% macro risk_reach_days() -%}
  {{ return(days_of([var('risk_velocity_minutes'), var('risk_structuring_minutes'), var('risk_in_out_minutes')] | max)) }}
{%- endmacro %}

{# Where bursts are searched for: all transactions come straight from the fact, as PostgreSQL would copy a CTE that two models read. #}
{% macro risk_transactions() -%}
  {%- set every = ref('fct_transactions') -%}
  {{ return(ref('int_risk_transactions') if built_risk_signals() else every) }}
{%- endmacro %}

{#
  The day from which wrong PINs are looked at again: one window before the first day with changed events, or the start of a signal
  that reaches there.
#}
{% macro pins_looked_at_from(signals) -%}
  {%- set changed = changed_keys(signals, [ref('int_activity_days')], 'activity_date') -%}
  {%- set from_date = literal_date(
    "select coalesce(min(activity_date) - " ~ days_of(var('risk_pin_minutes')) ~ ", 'infinity')"
    ~ " from (" ~ changed ~ ") as changed"
  ) -%}
  {{ literal_date(
    "select least(" ~ from_date ~ ", min(signal_date)) from " ~ signals
    ~ " where signal_type = 'pin_failed_burst' and " ~ local_date('window_end') ~ " >= " ~ from_date
  ) }}
{%- endmacro %}

{# Days on which changed transactions moved money, each with the days from `first` to `last` after it, as literals. #}
{% macro moved_dates(since, first, last) -%}
  {%- set moved -%}
    select settled_date + days.days
    from {{ ref('int_transaction_changes') }}
    cross join generate_series({{ first }}, {{ last }}) as days (days)
    where changed_at > {{ since }}
  {%- endset -%}
  {{ literals(moved) }}
{%- endmacro %}

{#
  CTEs up to `bursts`: `count` or more events of a customer within so many minutes. With a subject, such as a currency, only events
  of the same one count together. They are found with a lag: if the (count - 1)-th event before this one lies within the window,
  `count` events do. Bursts that overlap are one.
#}
{% macro bursts(relation, occurred_at, key, condition, count, minutes, subject=none, amounts=false) -%}
events as (
  select
    user_id,
    {{ subject if subject else "''" }} as subject,
    {{ occurred_at }} as occurred_at,
    {%- if amounts %}
      currency,
      amount,
      amount_reporting,
    {%- endif %}
    lag({{ occurred_at }}, {{ count - 1 }}) over (
      partition by user_id{{ ', ' ~ subject if subject }} order by {{ occurred_at }}, {{ key }}
    ) as burst_start
  from {{ relation }}
  where {{ condition | indent(4) }} and user_id is not null
),

burst_ends as (
  select
    user_id,
    subject,
    occurred_at,
    burst_start,
    coalesce(
      burst_start > max(occurred_at) over (
        partition by user_id, subject order by occurred_at
        rows between unbounded preceding and 1 preceding
      ),
      true
    ) as opens_burst
  from events
  where occurred_at - burst_start <= interval '{{ minutes }} minutes'
),

numbered as (
  select
    *,
    sum(cast(opens_burst as integer)) over (
      partition by user_id, subject order by occurred_at rows unbounded preceding
    ) as burst_number
  from burst_ends
),

{{ 'windows' if amounts else 'bursts' }} as (
  select
    user_id,
    subject,
    min(burst_start) as window_start,
    max(occurred_at) as window_end,
    -- The first end closes a full window, each further one adds an event.
    {{ count }} + count(*) - 1 as event_count
  from numbered
  group by user_id, subject, burst_number
)
{%- if amounts -%}
,

bursts as (
  select
    windows.*,
    sum(events.amount_reporting) as amount_reporting,
    case when min(events.currency) = max(events.currency) then min(events.currency) end as currency,
    case when min(events.currency) = max(events.currency) then sum(events.amount) end as amount
  from windows
  left join events
    on
      windows.user_id = events.user_id
      and windows.subject = events.subject
      and events.occurred_at between windows.window_start and windows.window_end
  group by windows.user_id, windows.subject, windows.window_start, windows.window_end, windows.event_count
)
{%- endif %}
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
