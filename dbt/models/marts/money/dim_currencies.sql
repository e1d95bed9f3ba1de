with latest_rates as (
  select distinct on (currency)
    currency,
    exchange_rate,
    valid_from
  from {{ ref('int_exchange_rates_daily') }}
  where exchange_rate is not null
  order by currency asc, rate_date desc
)

select
  currencies.currency,
  currencies.currency_name,
  currencies.decimal_places,
  latest_rates.exchange_rate as latest_rate,
  latest_rates.valid_from as latest_rate_date,
  currencies.currency = '{{ var("reporting_currency") }}' as is_reporting_currency
from {{ ref('stg_ewallet__currencies') }} as currencies
left join latest_rates on currencies.currency = latest_rates.currency
where currencies.currency != 'unmapped'
