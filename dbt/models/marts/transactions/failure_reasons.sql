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

{# Attempts are counted by daily_channel_summary already, so only what failed is read from the fact. #}
{%- set concerned -%}
  {%- if is_incremental() %}
    and transaction_date in ({{ changed_dates(this) }})
  {%- endif %}
{%- endset %}

with attempts as (
  select
    transaction_date,
    transaction_type,
    channel,
    currency,
    cast(sum(transaction_count) as bigint) as attempted_count,
    cast(sum(failed_count) as bigint) as all_failed_count
  from {{ ref('daily_channel_summary') }}
  where transaction_status in ('completed', 'failed') {{ concerned }}
  group by transaction_date, transaction_type, channel, currency
),

failures as (
  select
    transaction_date,
    transaction_type,
    channel,
    currency,
    coalesce(failure_reason, 'unknown') as failure_reason,
    count(*) as failed_count,
    sum(amount) as failed_amount,
    sum(amount_reporting) as failed_amount_reporting,
    count(distinct user_id) as affected_users
  from {{ ref('fct_transactions') }}
  where transaction_status = 'failed' {{ concerned }}
  group by transaction_date, transaction_type, channel, currency, coalesce(failure_reason, 'unknown')
)

select
  failures.transaction_date as failure_date,
  failures.failure_reason,
  failures.transaction_type,
  failures.channel,
  failures.currency,
  failures.failed_count,
  failures.failed_amount,
  failures.failed_amount_reporting,
  failures.affected_users,
  attempts.attempted_count,
  {{ ratio('failures.failed_count', 'attempts.attempted_count') }} as failure_rate,
  {{ ratio('failures.failed_count', 'attempts.all_failed_count') }} as share_of_failures,
  {{ changes_until([ref('int_transaction_changes')]) }} as changes_until
from failures
inner join attempts
  on
    failures.transaction_date = attempts.transaction_date
    and failures.transaction_type = attempts.transaction_type
    and failures.channel = attempts.channel
    and failures.currency = attempts.currency
