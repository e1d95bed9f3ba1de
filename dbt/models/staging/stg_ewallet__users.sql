select
  {{ wallet_key('users', 'id', 'id') }} as user_id,
  cast({{ unless_deleted('users', wallet_column('users', 'full_name', 'full_name')) }} as text) as full_name,
  cast({{ unless_deleted('users', wallet_column('users', 'email', 'email')) }} as text) as email,
  cast({{ unless_deleted('users', wallet_column('users', 'phone', 'phone')) }} as text) as phone,
  cast({{ unless_deleted('users', wallet_column('users', 'date_of_birth', 'date_of_birth')) }} as date)
    as date_of_birth,
  cast({{ wallet_column('users', 'country', 'country') }} as text) as country,
  cast({{ wallet_column('users', 'kyc_tier', 'kyc_tier') }} as integer) as kyc_tier,
  {{ wallet_time('users', 'kyc_verified_at', 'kyc_verified_at') }} as kyc_verified_at,
  {{ status_unless_deleted('users', mapped('status_map', wallet_column('users', 'status', 'status'))) }} as user_status,
  cast({{ wallet_column('users', 'status', 'status') }} as text) as source_status,
  {{ wallet_key('users', 'referred_by', 'referred_by') }} as referred_by_user_id,
  {{ plausible_time('users', 'created_at') }} as signed_up_at,
  {{ local_date('(' ~ plausible_time('users', 'created_at') ~ ')') }} as signup_date,
  {{ wallet_extracted_at() }} as extracted_at,
  {{ wallet_loaded_at('users', 'updated_at') }} as loaded_at
from {{ latest_rows('users', 'id', 'updated_at') }}
{{ map_join('user_status', 'status_map', wallet_column('users', 'status', 'status')) }}
