{# Bands of amounts for US dollars say nothing of shillings: the scale has to be near what a dollar is worth. #}
{{ config(severity='warn') }}
with latest as (
  select distinct on (currency)
    currency,
    1 / nullif(rate_to_usd, 0) as units_for_a_dollar
  from {{ ref('exchange_rates') }}
  order by currency asc, valid_from desc
)

select
  'a US dollar is ' || round(latest.units_for_a_dollar, 2) || ' ' || settings.reporting_currency
  || ', reporting_amount_scale is ' || settings.amount_scale || ': set it to '
  || power(10, round(log(latest.units_for_a_dollar))) as problem
from {{ ref('reporting_settings') }} as settings
inner join latest on settings.reporting_currency = latest.currency
where settings.amount_scale / latest.units_for_a_dollar not between 0.1 and 10
