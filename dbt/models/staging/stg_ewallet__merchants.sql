select
  {{ wallet_key('merchants', 'id', 'id') }} as merchant_id,
  cast({{ wallet_column('merchants', 'name', 'name') }} as text) as merchant_name,
  coalesce({{ mapped('category_map', wallet_column('merchants', 'category', 'category')) }}, 'unmapped')
    as merchant_category,
  cast({{ wallet_column('merchants', 'category', 'category') }} as text) as source_category,
  cast({{ wallet_column('merchants', 'country', 'country') }} as text) as country,
  cast({{ wallet_column('merchants', 'city', 'city') }} as text) as city,
  cast({{ wallet_column('merchants', 'fee_rate', 'fee_rate') }} as numeric(12, 6)) as fee_rate,
  -- An array in the wallet, JSON once it has come through Kafka.
  {%- set tags = wallet_column('merchants', 'tags', 'tags') %}
  {{ 'cast(null as jsonb)' if tags == 'null' else 'to_jsonb(' ~ tags ~ ')' }} as tags,
  {{ status_unless_deleted('merchants', mapped('status_map', wallet_column('merchants', 'status', 'status'))) }}
    as merchant_status,
  cast({{ wallet_column('merchants', 'status', 'status') }} as text) as source_status,
  {{ plausible_time('merchants', 'created_at') }} as onboarded_at,
  {{ local_date('(' ~ plausible_time('merchants', 'created_at') ~ ')') }} as onboarded_date,
  {{ wallet_extracted_at() }} as extracted_at,
  {{ wallet_loaded_at('merchants', 'updated_at') }} as loaded_at
from {{ latest_rows('merchants', 'id', 'updated_at') }}
{{ map_join('merchant_category', 'category_map', wallet_column('merchants', 'category', 'category')) }}
{{ map_join('merchant_status', 'status_map', wallet_column('merchants', 'status', 'status')) }}
