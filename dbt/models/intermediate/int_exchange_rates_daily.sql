{#
  As-of join of the dated rates with the calendar, once, so that a transaction finds its rate by equality. changed_at
  tells int_transaction_changes which days a new or corrected rate concerns.
#}
{{ config(materialized='incremental', incremental_strategy='merge_changed', unique_key=['currency', 'rate_date']) }}

with rates as (
  select
    currency,
    valid_from,
    cast(rate_to_usd as numeric) as rate_to_usd,
    lead(valid_from) over (partition by currency order by valid_from) as valid_until
  from {{ ref('exchange_rates') }}
),

calendar as (
  select cast(generate_series(first_date, last_date, interval '1 day') as date) as rate_date
  from {{ ref('int_date_bounds') }}
)

select
  rates.currency,
  calendar.rate_date,
  rates.valid_from,
  cast(round(rates.rate_to_usd / reporting.rate_to_usd, 15) as numeric(30, 15)) as exchange_rate,
  {{ changing_at() }} as changed_at
from calendar
inner join rates
  on
    calendar.rate_date >= rates.valid_from
    and (calendar.rate_date < rates.valid_until or rates.valid_until is null)
inner join rates as reporting
  on
    reporting.currency = '{{ var("reporting_currency") }}'
    and calendar.rate_date >= reporting.valid_from
    and (calendar.rate_date < reporting.valid_until or reporting.valid_until is null)
