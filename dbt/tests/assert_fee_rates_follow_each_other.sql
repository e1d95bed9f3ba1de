{# A payment's fee is by the rate of its day: a merchant has one for every day, noted in the order of the days. #}
{{ config(severity='warn') }}
{%- set query -%}
select distinct cast(merchant_id as text) as row_key
from (
  select
    merchant_id,
    valid_from,
    lag(valid_from) over (partition by merchant_id order by recorded_at) as valid_before
  from {{ ref('int_merchant_fee_rates') }}
) as rates
where (valid_before is null and valid_from <> '-infinity') or valid_from < valid_before
{%- endset -%}
{{ findings('merchants whose fee rates leave out days or overlap', [ref('int_merchant_fee_rates')], query) }}
