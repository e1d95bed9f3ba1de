{#
  Refunds, reversals and chargebacks of one payment together give back no more than it was, in its currency, after it was made, and
  only of one that went through.
#}
{{ config(severity='warn') }}
{%- set query -%}
select cast(payments.transaction_id as text) as row_key
from (
  select
    refund_of_transaction_id,
    sum(amount) as amount,
    min(created_at) as first_created_at,
    min(currency) as currency,
    max(currency) as other_currency
  from {{ ref('fct_transactions') }}
  where refund_of_transaction_id is not null and transaction_status = 'completed'
  group by refund_of_transaction_id
) as returned
inner join {{ ref('fct_transactions') }} as payments on returned.refund_of_transaction_id = payments.transaction_id
where
  returned.amount > payments.amount
  or returned.first_created_at < payments.created_at
  or payments.transaction_status <> 'completed'
  or returned.currency <> payments.currency
  or returned.other_currency <> payments.currency
{%- endset -%}
{{ findings(
  'payments that gave back more than they were, or before they were made', [ref('fct_transactions')], query
) }}
