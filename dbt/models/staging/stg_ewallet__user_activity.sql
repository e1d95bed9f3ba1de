select
  {{ wallet_key('user_activity', 'id', 'id') }} as activity_id,
  {{ wallet_key('user_activity', 'user_id', 'user_id') }} as user_id,
  coalesce({{ mapped('event_map', wallet_column('user_activity', 'event', 'event')) }}, 'unmapped') as event,
  cast({{ wallet_column('user_activity', 'event', 'event') }} as text) as source_event,
  cast({{ wallet_column('user_activity', 'session_id', 'session_id') }} as text) as session_id,
  cast({{ wallet_column('user_activity', 'device', 'device') }} as text) as device,
  host(cast({{ wallet_column('user_activity', 'ip', 'ip') }} as inet)) as ip_address,
  cast({{ wallet_column('user_activity', 'country', 'country') }} as text) as country,
  {{ wallet_time('user_activity', 'occurred_at', 'occurred_at') }} as occurred_at,
  {{ local_date(wallet_time('user_activity', 'occurred_at', 'occurred_at')) }} as activity_date,
  {{ wallet_extracted_at() }} as extracted_at,
  {{ wallet_loaded_at('user_activity', 'occurred_at') }} as loaded_at
from {{ latest_rows('user_activity', 'id', 'occurred_at') }}
{{ map_join('activity_event', 'event_map', wallet_column('user_activity', 'event', 'event')) }}
where {{ activity_fault() }} is null
