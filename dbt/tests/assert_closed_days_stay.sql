{# Reports on a day that is long over have been read: a row that changes, vanishes or arrives now makes them wrong. #}
{{ config(severity='warn') }}
{%- set query -%}
select changed.transaction_id || ' of ' || min(changed.transaction_date) as row_key
from (
  select
    changed_at,
    transaction_id,
    min(transaction_date) as transaction_date
  from {{ ref('int_transaction_changes') }}
  where transaction_date < cast(changed_at as date) - {{ var('closed_after_days') }}
  group by changed_at, transaction_id
  -- Another name or channel of it moves no total.
  having count(*) = 1 or count(distinct (transaction_date, transaction_status, currency, amount, fee_amount)) > 1
) as changed
group by changed.transaction_id
{%- endset -%}
{{ findings('transactions of days that were closed', [ref('int_transaction_changes')], query) }}
