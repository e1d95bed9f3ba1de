{# A row has no rate where its currency has none on its date, so dates and currencies are looked at, not every row. #}
select
  summary.currency,
  min(summary.transaction_date) as first_date,
  cast(sum(summary.transaction_count) as bigint) as transaction_count
from {{ ref('daily_transaction_summary') }} as summary
left join {{ ref('int_exchange_rates_daily') }} as rates
  on summary.currency = rates.currency and summary.transaction_date = rates.rate_date
where rates.exchange_rate is null
group by summary.currency
