select
  currency,
  min(transaction_date) as first_date,
  count(*) as transaction_count
from {{ ref('fct_transactions') }}
where exchange_rate is null
group by currency
