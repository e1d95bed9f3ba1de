{#
  Where bursts are found again: transactions of changed customers, from a window before the day they are looked at. Most are of
  days that an index by date finds; earlier ones are looked up by customer.
#}
{{ config(materialized='ephemeral') }}

{%- set reach = risk_reach_days() -%}
{%- set customers = ref('int_risk_changed_customers') -%}
{%- set log = ref('int_transaction_changes') -%}
{%- set recent = literal_date("select coalesce(max(transaction_date), '-infinity') - 7 from " ~ log) %}
{%- set of_changed_customers -%}
select
  transactions.user_id,
  transactions.transaction_id,
  transactions.transaction_type,
  transactions.transaction_status,
  transactions.currency,
  transactions.amount,
  transactions.amount_reporting,
  transactions.created_at
from {{ ref('fct_transactions') }} as transactions
inner join {{ customers }} as customers
  on
    transactions.user_id = customers.user_id
    and transactions.transaction_date >= customers.from_date - {{ reach }}
{%- endset %}

{{ of_changed_customers }}
where transactions.transaction_date >= {{ recent }}
union all
{{ of_changed_customers }}
where
  transactions.transaction_date < {{ recent }}
  and transactions.user_id = any(array(
    select early.user_id from {{ customers }} as early
    where early.from_date - {{ reach }} < {{ recent }}
  ))
