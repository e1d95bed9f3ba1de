{%- set logs = [ref('int_transaction_changes'), ref('int_activity_days')] -%}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {'key': 'activity_date', 'changed': 'changed_activity_dates'}},
    indexes=[
      {'columns': ['user_id', 'activity_date'], 'unique': true},
      {'columns': ['activity_date']},
      {'columns': ['changes_until']}
    ]
  )
}}

{# Sessions first: counting distinct ones of a customer's day is then a second hash, not a sort of every event. #}
with sessions as (
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
    where activity_date in ({{ changed_activity_dates(this) }})
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
),

transactions as (
  select
    user_id,
    transaction_date as activity_date,
    count(*) as transaction_count,
    count(*) filter (where transaction_status = 'completed') as completed_transaction_count,
    count(*) filter (where transaction_status = 'failed') as failed_transaction_count,
    sum(net_amount_reporting) filter (where {{ is_spending() }}) as spend_amount_reporting,
    sum(net_amount_reporting) filter (where transaction_type = 'top_up') as top_up_amount_reporting
  from {{ ref('fct_transactions') }}
  where
    user_id is not null
    {% if is_incremental() %}
      and transaction_date in ({{ changed_activity_dates(this) }})
    {% endif %}
  group by user_id, transaction_date
)

select
  coalesce(events.user_id, transactions.user_id) as user_id,
  coalesce(events.activity_date, transactions.activity_date) as activity_date,
  coalesce(events.event_count, 0) as event_count,
  coalesce(events.session_count, 0) as session_count,
  coalesce(events.login_count, 0) as login_count,
  coalesce(events.app_open_count, 0) as app_open_count,
  coalesce(events.pin_failed_count, 0) as pin_failed_count,
  coalesce(events.support_contact_count, 0) as support_contact_count,
  coalesce(transactions.transaction_count, 0) as transaction_count,
  coalesce(transactions.completed_transaction_count, 0) as completed_transaction_count,
  coalesce(transactions.failed_transaction_count, 0) as failed_transaction_count,
  coalesce(transactions.spend_amount_reporting, 0) as spend_amount_reporting,
  coalesce(transactions.top_up_amount_reporting, 0) as top_up_amount_reporting,
  coalesce(transactions.completed_transaction_count, 0) > 0 as is_transacting,
  {{ changes_until(logs) }} as changes_until
from events
full outer join transactions
  on events.user_id = transactions.user_id and events.activity_date = transactions.activity_date
