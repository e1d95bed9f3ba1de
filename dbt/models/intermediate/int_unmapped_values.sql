{{ config(materialized='table') }}
{#
  What the maps do not know yet: such rows are in the 'unmapped' bucket, and a test names them. Values are counted in one scan
  of a table and looked up afterwards, as there are a few dozen of them for millions of rows.
#}
{%- set tables = [
  (ref('stg_ewallet__transactions'), {
    'source_type': 'transaction_type',
    'source_status': 'transaction_status',
    'source_channel': 'channel',
    'source_currency': 'currency'
  }),
  (ref('stg_ewallet__wallets'), {
    'source_currency': 'currency', 'source_kind': 'wallet_kind', 'source_status': 'wallet_status'
  }),
  (ref('stg_ewallet__users'), {'source_status': 'user_status'}),
  (ref('stg_ewallet__merchants'), {'source_status': 'merchant_status', 'source_category': 'merchant_category'}),
  (ref('stg_ewallet__user_activity'), {'source_event': 'activity_event'})
] -%}
with counted as (
  {%- for relation, columns in tables %}
    select
      sets.domain,
      sets.from_value,
      combinations.row_count
    from (
      select
        {{ columns | join(', ') }},
        count(*) as row_count
      from {{ relation }}
      group by {{ columns | join(', ') }}
    ) as combinations
    cross join
      lateral (
        values
        {%- for column, domain in columns.items() %}
          ('{{ domain }}', combinations.{{ column }}){{ ',' if not loop.last }}
        {%- endfor %}
      ) as sets (domain, from_value)
    {%- if not loop.last %}
      union all
    {%- endif %}
  {%- endfor %}
)

select
  counted.domain,
  counted.from_value,
  cast(sum(counted.row_count) as bigint) as row_count
from counted
left join {{ ref('value_map') }} as value_map
  on counted.domain = value_map.domain and counted.from_value = value_map.from_value
left join {{ ref('currency_map') }} as currency_map
  on counted.domain = 'currency' and counted.from_value = currency_map.from_currency
where
  counted.from_value is not null
  and coalesce(value_map.to_value, currency_map.to_currency, 'unmapped') = 'unmapped'
group by counted.domain, counted.from_value
