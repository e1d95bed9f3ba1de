{#
  Between runs a day with new or changed events is counted again; on other days only customers with changed transactions are, who
  keep what their events counted.
#}
{%- set logs = [ref('int_transaction_changes'), ref('int_activity_days')] -%}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': [
      {'key': 'activity_date', 'logs': ['int_activity_days']},
      {'keys': ['user_id', 'activity_date'], 'changed': 'changed_user_days', 'date': 'activity_date'}
    ]},
    indexes=[
      {'columns': ['user_id', 'activity_date'], 'unique': true},
      {'columns': ['activity_date']},
      {'columns': ['changes_until']}
    ]
  )
}}

{%- set event_counts = [
  'event_count', 'session_count', 'login_count', 'app_open_count', 'pin_failed_count', 'support_contact_count'
] -%}
{%- if is_incremental() -%}
  {%- set event_dates = literals(changed_keys(this, [ref('int_activity_days')], 'activity_date')) -%}
  {%- set transaction_dates = literals(changed_keys(this, [ref('int_transaction_changes')], 'transaction_date')) -%}
{%- endif %}

with
{%- if is_incremental() %}
  changed as materialized (
    {{ changed_user_days(this) }}
  ),
{% endif %}
{# Sessions first: counting distinct ones of a customer's day is then a second hash, not a sort of every event. #}
sessions as (
  select
    user_id,
    activity_date,
    session_id,
    count(*) as event_count,
    count(*) filter (where event = 'login') as login_count,
    count(*) filter (where event = 'app_open') as app_open_count,
    count(*) filter (where event = 'pin_failed') as pin_failed_count,
    count(*) filter (where event = 'support_contacted') as support_contact_count
  from {{ ref('stg_ewallet__user_activity') }}
  {% if is_incremental() %}
    where
      activity_date in ({{ event_dates }})
      and {{ landed_with_days('activity_date in (' ~ event_dates ~ ')') }}
  {% endif %}
  group by user_id, activity_date, session_id
),

events as (
  select
    user_id,
    activity_date,
    cast(sum(event_count) as bigint) as event_count,
    count(session_id) as session_count,
    cast(sum(login_count) as bigint) as login_count,
    cast(sum(app_open_count) as bigint) as app_open_count,
    cast(sum(pin_failed_count) as bigint) as pin_failed_count,
    cast(sum(support_contact_count) as bigint) as support_contact_count
  from sessions
  group by user_id, activity_date
  {%- if is_incremental() %}
    union all
    select
      user_id,
      activity_date,
      {{ event_counts | join(',\n      ') }}
    from {{ this }}
    where
      activity_date in ({{ transaction_dates }})
      and (activity_date in ({{ event_dates }})) is not true
      and event_count > 0
      and (user_id, activity_date) in (
        select
          changed.user_id,
          changed.activity_date
        from changed
      )
  {%- endif %}
),

transactions as (
  select
    user_id,
    transaction_date as activity_date,
    count(*) as transaction_count,
    count(*) filter (where transaction_status = 'completed') as completed_transaction_count,
    count(*) filter (where transaction_status = 'failed') as failed_transaction_count,
    sum(net_amount_reporting) filter (where {{ is_spending() }}) as spend_amount_reporting,
    sum(net_amount_reporting) filter (where transaction_type = 'top_up') as top_up_amount_reporting,
    sum(fee_amount_reporting) filter (where transaction_status = 'completed') as fee_amount_reporting
  from {{ ref('fct_transactions') }}
  where
    user_id is not null
    {% if is_incremental() %}
      and transaction_date in ({{ event_dates }}, {{ transaction_dates }})
      and (
        transaction_date in ({{ event_dates }})
        or (user_id, transaction_date) in (
          select
            changed.user_id,
            changed.activity_date
          from changed
        )
      )
    {% endif %}
  group by user_id, transaction_date
)

select
  coalesce(events.user_id, transactions.user_id) as user_id,
  coalesce(events.activity_date, transactions.activity_date) as activity_date,
  {%- for column in event_counts %}
    coalesce(events.{{ column }}, 0) as {{ column }},
  {%- endfor %}
  coalesce(transactions.transaction_count, 0) as transaction_count,
  coalesce(transactions.completed_transaction_count, 0) as completed_transaction_count,
  coalesce(transactions.failed_transaction_count, 0) as failed_transaction_count,
  coalesce(transactions.spend_amount_reporting, 0) as spend_amount_reporting,
  coalesce(transactions.top_up_amount_reporting, 0) as top_up_amount_reporting,
  coalesce(transactions.fee_amount_reporting, 0) as fee_amount_reporting,
  coalesce(transactions.completed_transaction_count, 0) > 0 as is_transacting,
  {{ changes_until(logs) }} as changes_until
from events
full outer join transactions
  on events.user_id = transactions.user_id and events.activity_date = transactions.activity_date
