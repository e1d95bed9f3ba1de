{%- set currency = 'cast(' ~ wallet_column('wallets', 'currency', 'currency') ~ ' as text)' -%}
select
  {{ wallet_key('wallets', 'id', 'id') }} as wallet_id,
  coalesce({{ mapped('kind_map', wallet_column('wallets', 'kind', 'kind')) }}, 'unmapped') as wallet_kind,
  cast({{ wallet_column('wallets', 'kind', 'kind') }} as text) as source_kind,
  {{ wallet_key('wallets', 'user_id', 'user_id') }} as user_id,
  {{ wallet_key('wallets', 'merchant_id', 'merchant_id') }} as merchant_id,
  coalesce(currency_map.to_currency, 'unmapped') as currency,
  {{ currency }} as source_currency,
  {{ money_or_zero(in_major_units(wallet_column('wallets', 'balance', 'balance'))) }} as balance,
  {{ status_unless_deleted('wallets', mapped('status_map', wallet_column('wallets', 'status', 'status'))) }}
    as wallet_status,
  cast({{ wallet_column('wallets', 'status', 'status') }} as text) as source_status,
  {{ plausible_time('wallets', 'created_at') }} as opened_at,
  {{ local_date('(' ~ plausible_time('wallets', 'created_at') ~ ')') }} as opened_date,
  {{ wallet_time('wallets', 'updated_at', 'updated_at') }} as updated_at,
  false as is_virtual,
  {{ wallet_extracted_at() }} as extracted_at,
  {{ wallet_loaded_at('wallets', 'updated_at') }} as loaded_at
from {{ latest_rows('wallets', 'id', 'updated_at') }}
left join {{ ref('currency_map') }} as currency_map
  on currency_map.from_currency = {{ currency }}
{{ map_join('wallet_kind', 'kind_map', wallet_column('wallets', 'kind', 'kind')) }}
{{ map_join('wallet_status', 'status_map', wallet_column('wallets', 'status', 'status')) }}
{% for kind in var('ewallet_virtual_wallets') %}
  union all
  -- What a wallet that keeps its customers' side alone has no row for.
  select
    {{ virtual_wallet_key(kind, 'currency_map.from_currency') }} as wallet_id,
    '{{ kind }}' as wallet_kind,
    cast(null as text) as source_kind,
    cast(null as {{ var('key_type') }}) as user_id,
    cast(null as {{ var('key_type') }}) as merchant_id,
    currency_map.to_currency as currency,
    currency_map.from_currency as source_currency,
    cast(null as {{ var('money_type') }}) as balance,
    'active' as wallet_status,
    cast(null as text) as source_status,
    cast(null as timestamp with time zone) as opened_at,
    cast(null as date) as opened_date,
    cast(null as timestamp with time zone) as updated_at,
    true as is_virtual,
    cast(null as timestamp with time zone) as extracted_at,
    cast(null as timestamp with time zone) as loaded_at
  from {{ ref('currency_map') }} as currency_map
{%- endfor %}
