{# By the bank's statements: a day on which it held less than was owed, or between two statements none of a currency. #}
{{ config(severity='warn') }}
{%- set query -%}
select balance_date || ' ' || currency as row_key
from (
  select
    balance_date,
    currency,
    is_covered,
    min(balance_date) filter (where bank_balance is not null) over of_currency as first_statement,
    max(balance_date) filter (where bank_balance is not null) over of_currency as last_statement
  from {{ ref('safeguarding_daily') }}
  window of_currency as (partition by currency)
) as days
where not coalesce(is_covered, balance_date not between first_statement and last_statement)
{%- endset -%}
{{ findings(
  'days on which the bank held less than was owed, or without a statement', [ref('safeguarding_daily')], query
) }}
