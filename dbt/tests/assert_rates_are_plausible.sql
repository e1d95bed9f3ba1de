{# A rate is positive, and within days it does not move by more than a fifth: that is mostly a slip of a digit. #}
{{ config(severity='warn') }}
{%- set query -%}
select currency || ' from ' || valid_from as row_key
from (
  select
    currency,
    valid_from,
    rate_to_usd,
    lag(rate_to_usd) over rates as rate_before,
    lag(valid_from) over rates as date_before
  from {{ ref('exchange_rates') }}
  window rates as (partition by currency order by valid_from)
) as rates
where
  coalesce(rate_to_usd <= 0, true)
  or (valid_from - date_before <= 7 and abs(rate_to_usd - rate_before) > 0.2 * rate_before)
{%- endset -%}
{{ findings('exchange rates that are not positive or jump by more than a fifth', [ref('exchange_rates')], query) }}
