{#
  Rules by which rows of the wallet are set aside, so that one bad row stops no mart and moves no date. Staging gives the other
  rows; stg_ewallet__set_aside names those that break a rule, and pipeline_health counts them.
#}

{# Amounts from here on, either way, are no money: they overflow, and so are NaN and infinity, which sort above them. #}
{% macro amount_limit() -%}
  1e24
{%- endmacro %}

{# An expression where it is an amount, and null where it is none: a cast of that would end the query. #}
{% macro amount_in_limits(expression) -%}
  case when {{ expression }} < {{ amount_limit() }} and {{ expression }} > -{{ amount_limit() }} then {{ expression }} end
{%- endmacro %}

{% macro money_or_null(expression) -%}
  cast({{ amount_in_limits(expression) }} as {{ var('money_type') }})
{%- endmacro %}

{% macro money_or_zero(expression) -%}
  cast(coalesce({{ amount_in_limits(expression) }}, 0) as {{ var('money_type') }})
{%- endmacro %}

{# When a row came in: by the sink's clock. A replica does not say, and updated_at is not kept by every wallet: not later
   than now. #}
{% macro arrived_at(table, replica_default) -%}
  {%- if var('ewallet_ingestion') == 'kafka' -%}
    {{ wallet_loaded_at(table, replica_default) }}
  {%- else -%}
    now()
  {%- endif -%}
{%- endmacro %}

{# Clocks differ and zones are mistaken for each other, by less than a day. #}
{% macro is_in_future(instant, table, replica_default) -%}
  {{ instant }} > {{ arrived_at(table, replica_default) }} + interval '1 day'
{%- endmacro %}

{# When customers began to sign up, leaving out sign-ups that cannot be; trade is not much older. #}
{% macro first_sign_up() -%}
  {%- set signed_up_at = wallet_time('users', 'created_at', 'created_at') -%}
  (
    select min({{ signed_up_at }}) from {{ wallet_relation('users') }} as source_rows
    where {{ signed_up_at }} >= date '{{ var("earliest_sign_up") }}'
  )
{%- endmacro %}

{% macro is_before_sign_ups(instant) -%}
  {{ instant }} < {{ first_sign_up() }} - interval '{{ var("days_before_first_sign_up") }} days'
{%- endmacro %}

{# A date of a customer, wallet or merchant, who stay in the marts without it: null where it cannot be. #}
{% macro plausible_time(table, column) -%}
  {%- set instant = wallet_time(table, column, column) -%}
  case
    when
      {{ instant }} >= date '{{ var("earliest_sign_up") }}'
      and ({{ is_in_future(instant, table, 'updated_at') }}) is not true
      then {{ instant }}
  end
{%- endmacro %}

{# The first rule that a transaction breaks, or null. #}
{% macro transaction_fault() -%}
  {%- set amount = in_major_units(wallet_column('transactions', 'amount', 'amount')) -%}
  {%- set created_at = wallet_time('transactions', 'created_at', 'created_at') -%}
  {%- set settled_at = wallet_time('transactions', 'settled_at', 'settled_at') -%}
  case
    when {{ created_at }} is null then 'created_at_missing'
    when {{ amount }} is null then 'amount_missing'
    when {{ amount }} < 0 then 'amount_negative'
    when {{ amount }} >= {{ amount_limit() }} then 'amount_no_number'
    when {{ is_in_future(created_at, 'transactions', 'updated_at') }} then 'created_at_in_future'
    when {{ is_in_future(settled_at, 'transactions', 'updated_at') }} then 'settled_at_in_future'
    when {{ is_before_sign_ups('least(' ~ created_at ~ ', ' ~ settled_at ~ ')') }} then 'dated_before_sign_ups'
  end
{%- endmacro %}

{# The first rule that an event breaks, or null. #}
{% macro activity_fault() -%}
  {%- set occurred_at = wallet_time('user_activity', 'occurred_at', 'occurred_at') -%}
  case
    when {{ occurred_at }} is null then 'occurred_at_missing'
    when {{ is_in_future(occurred_at, 'user_activity', 'occurred_at') }} then 'occurred_at_in_future'
    when {{ is_before_sign_ups(occurred_at) }} then 'dated_before_sign_ups'
  end
{%- endmacro %}
