{# Nothing lost, nothing doubled between the fact and what is summed from it. #}
with facts as (
  select
    count(*) as transaction_count,
    coalesce(sum(amount_reporting), 0) as gross_amount_reporting
  from {{ ref('fct_transactions') }}
),

summaries as (
  select
    'daily_transaction_summary' as mart,
    sum(transaction_count) as transaction_count,
    coalesce(sum(gross_amount_reporting), 0) as gross_amount_reporting
  from {{ ref('daily_transaction_summary') }}
  union all
  select
    'hourly_transaction_summary' as mart,
    sum(transaction_count) as transaction_count,
    coalesce(sum(gross_amount_reporting), 0) as gross_amount_reporting
  from {{ ref('hourly_transaction_summary') }}
)

select summaries.*
from summaries
cross join facts
where
  coalesce(summaries.transaction_count, 0) != facts.transaction_count
  or summaries.gross_amount_reporting != facts.gross_amount_reporting
