{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {
      'key': 'failure_date', 'logs': ['int_transaction_changes'], 'log_column': 'transaction_date'
    }},
    indexes=[{'columns': ['failure_date']}]
  )
}}

with settled as (
  select
    transaction_date,
    transaction_type,
    channel,
    currency,
    case when transaction_status = 'failed' then coalesce(failure_reason, 'unknown') end as failure_reason,
    user_id,
    count(*) as transaction_count,
    sum(amount) as amount,
    sum(amount_reporting) as amount_reporting
  from {{ ref('fct_transactions') }}
  where
    transaction_status in ('completed', 'failed')
    {% if is_incremental() %}
      and transaction_date in ({{ changed_keys(this, [ref('int_transaction_changes')], 'transaction_date') }})
    {% endif %}
  group by transaction_date, transaction_type, channel, currency, transaction_status, failure_reason, user_id
),

by_reason as (
  select
    transaction_date,
    transaction_type,
    channel,
    currency,
    failure_reason,
    cast(sum(transaction_count) as bigint) as transaction_count,
    sum(amount) as amount,
    sum(amount_reporting) as amount_reporting,
    count(user_id) as affected_users
  from settled
  group by transaction_date, transaction_type, channel, currency, failure_reason
),

compared as (
  select
    by_reason.*,
    cast(sum(transaction_count) over attempts as bigint) as attempted_count,
    cast(sum(transaction_count) filter (where failure_reason is not null) over attempts as bigint) as all_failed_count
  from by_reason
  window attempts as (partition by transaction_date, transaction_type, channel, currency)
)

select
  transaction_date as failure_date,
  failure_reason,
  transaction_type,
  channel,
  currency,
  transaction_count as failed_count,
  amount as failed_amount,
  amount_reporting as failed_amount_reporting,
  affected_users,
  attempted_count,
  {{ ratio('transaction_count', 'attempted_count') }} as failure_rate,
  {{ ratio('transaction_count', 'all_failed_count') }} as share_of_failures,
  {{ changes_until([ref('int_transaction_changes')]) }} as changes_until
from compared
where failure_reason is not null
