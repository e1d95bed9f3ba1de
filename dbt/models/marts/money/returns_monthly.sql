{#
  What payments gave back, and why, by the month in which it went back: card schemes compare with payments of the same month.
#}
with returned as (
  select
    cast(date_trunc('month', transaction_date) as date) as month_start,
    currency,
    count(*) filter (where return_kind = 'refund') as refund_count,
    coalesce(sum(amount) filter (where return_kind = 'refund'), 0) as refund_amount,
    coalesce(sum(amount_reporting) filter (where return_kind = 'refund'), 0) as refund_amount_reporting,
    count(*) filter (where return_kind = 'reversal') as reversal_count,
    coalesce(sum(amount) filter (where return_kind = 'reversal'), 0) as reversal_amount,
    coalesce(sum(amount_reporting) filter (where return_kind = 'reversal'), 0) as reversal_amount_reporting,
    count(*) filter (where return_kind = 'chargeback') as chargeback_count,
    coalesce(sum(amount) filter (where return_kind = 'chargeback'), 0) as chargeback_amount,
    coalesce(sum(amount_reporting) filter (where return_kind = 'chargeback'), 0) as chargeback_amount_reporting
  from {{ ref('fct_transactions') }}
  where return_kind is not null and transaction_status = 'completed'
  group by month_start, currency
),

paid as (
  select
    cast(date_trunc('month', transaction_date) as date) as month_start,
    currency,
    cast(sum(transaction_count) as bigint) as payment_count,
    sum(gross_amount) as payment_amount,
    sum(gross_amount_reporting) as payment_amount_reporting
  from {{ ref('daily_transaction_summary') }}
  where transaction_type = 'payment' and transaction_status = 'completed'
  group by month_start, currency
)

select
  coalesce(paid.month_start, returned.month_start) as month_start,
  coalesce(paid.currency, returned.currency) as currency,
  {%- for kind in ['refund', 'reversal', 'chargeback'] %}
    coalesce(returned.{{ kind }}_count, 0) as {{ kind }}_count,
    cast(coalesce(returned.{{ kind }}_amount, 0) as {{ var('money_type') }}) as {{ kind }}_amount,
    cast(coalesce(returned.{{ kind }}_amount_reporting, 0) as numeric(38, 6)) as {{ kind }}_amount_reporting,
    {{ ratio('coalesce(returned.' ~ kind ~ '_count, 0)', 'paid.payment_count') }} as {{ kind }}_rate,
    {{ ratio('coalesce(returned.' ~ kind ~ '_amount, 0)', 'paid.payment_amount') }} as {{ kind }}_rate_by_value,
  {%- endfor %}
  coalesce(paid.payment_count, 0) as payment_count,
  cast(coalesce(paid.payment_amount, 0) as {{ var('money_type') }}) as payment_amount,
  cast(coalesce(paid.payment_amount_reporting, 0) as numeric(38, 6)) as payment_amount_reporting
from paid
full outer join returned on paid.month_start = returned.month_start and paid.currency = returned.currency
