select
  coalesce(currency_map.to_currency, 'unmapped') as currency,
  cast({{ wallet_column('currencies', 'code', 'code') }} as text) as source_currency,
  cast({{ wallet_column('currencies', 'name', 'name') }} as text) as currency_name,
  cast({{ wallet_column('currencies', 'scale', 'scale') }} as integer) as decimal_places,
  {{ wallet_extracted_at() }} as extracted_at,
  {{ wallet_loaded_at('currencies', 'updated_at') }} as loaded_at
from {{ latest_rows('currencies', 'code', 'updated_at') }}
left join {{ ref('currency_map') }} as currency_map
  on currency_map.from_currency = cast({{ wallet_column('currencies', 'code', 'code') }} as text)
