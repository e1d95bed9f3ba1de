{{ config(materialized='table') }}
{# What the maps do not know yet: such rows are in the 'unmapped' bucket, and a test names them. #}
{%- set mapped_columns = [
  ('transaction_type', ref('stg_ewallet__transactions'), 'source_type', 'transaction_type'),
  ('transaction_status', ref('stg_ewallet__transactions'), 'source_status', 'transaction_status'),
  ('channel', ref('stg_ewallet__transactions'), 'source_channel', 'channel'),
  ('currency', ref('stg_ewallet__transactions'), 'source_currency', 'currency'),
  ('currency', ref('stg_ewallet__wallets'), 'source_currency', 'currency'),
  ('wallet_kind', ref('stg_ewallet__wallets'), 'source_kind', 'wallet_kind'),
  ('wallet_status', ref('stg_ewallet__wallets'), 'source_status', 'wallet_status'),
  ('user_status', ref('stg_ewallet__users'), 'source_status', 'user_status'),
  ('merchant_status', ref('stg_ewallet__merchants'), 'source_status', 'merchant_status'),
  ('merchant_category', ref('stg_ewallet__merchants'), 'source_category', 'merchant_category'),
  ('activity_event', ref('stg_ewallet__user_activity'), 'source_event', 'event')
] -%}
with found as (
  {%- for domain, relation, from_column, to_column in mapped_columns %}
    select
      '{{ domain }}' as domain,
      {{ from_column }} as from_value,
      count(*) as row_count
    from {{ relation }}
    where {{ to_column }} = 'unmapped' and {{ from_column }} is not null
    group by {{ from_column }}
    {%- if not loop.last %}
      union all
    {%- endif %}
  {%- endfor %}
)

select
  domain,
  from_value,
  cast(sum(row_count) as bigint) as row_count
from found
group by domain, from_value
