{%- set currency = 'cast(' ~ wallet_column('transactions', 'currency', 'currency') ~ ' as text)' -%}
select
  {{ wallet_key('transactions', 'id', 'id') }} as transaction_id,
  case
    when type_map.to_value in ('reversal', 'chargeback') then 'refund'
    else {{ mapped('type_map', wallet_column('transactions', 'type', 'type')) }}
  end as transaction_type,
  case when type_map.to_value in ('refund', 'reversal', 'chargeback') then type_map.to_value end as return_kind,
  cast({{ wallet_column('transactions', 'type', 'type') }} as text) as source_type,
  case
    when status_map.to_value = 'held' then 'pending'
    else coalesce({{ mapped('status_map', wallet_column('transactions', 'status', 'status')) }}, 'unmapped')
  end as transaction_status,
  coalesce(status_map.to_value = 'held', false) as is_held,
  cast({{ wallet_column('transactions', 'status', 'status') }} as text) as source_status,
  coalesce({{ mapped('channel_map', wallet_column('transactions', 'channel', 'channel')) }}, 'unmapped') as channel,
  cast({{ wallet_column('transactions', 'channel', 'channel') }} as text) as source_channel,
  cast({{ wallet_column('transactions', 'failure_reason', 'failure_reason') }} as text) as failure_reason,
  coalesce(currency_map.to_currency, 'unmapped') as currency,
  {{ currency }} as source_currency,
  {{ money_or_null(in_major_units(wallet_column('transactions', 'amount', 'amount'))) }} as amount,
  -- No fee is no fee: a null would take the payer's side out of double entry. stg_ewallet__set_aside names such rows.
  {{ money_or_zero(in_major_units(wallet_column('transactions', 'fee', 'fee'))) }} as fee_amount,
  {{ money_or_zero(in_major_units(wallet_column('transactions', 'destination_fee', '0'))) }} as destination_fee_amount,
  {{ wallet_key('transactions', 'source_wallet_id', 'source_wallet_id') }} as source_wallet_id,
  {{ wallet_key('transactions', 'destination_wallet_id', 'destination_wallet_id') }} as destination_wallet_id,
  {{ wallet_key('transactions', 'refund_of_id', 'refund_of_id') }} as refund_of_transaction_id,
  {{ wallet_time('transactions', 'created_at', 'created_at') }} as created_at,
  {{ wallet_time('transactions', 'settled_at', 'settled_at') }} as settled_at,
  {{ wallet_extracted_at() }} as extracted_at,
  {{ wallet_loaded_at('transactions', 'updated_at') }} as loaded_at
from {{ latest_rows('transactions', 'id', 'updated_at') }}
left join {{ ref('currency_map') }} as currency_map
  on currency_map.from_currency = {{ currency }}
{{ map_join('transaction_type', 'type_map', wallet_column('transactions', 'type', 'type')) }}
{{ map_join('transaction_status', 'status_map', wallet_column('transactions', 'status', 'status')) }}
{{ map_join('channel', 'channel_map', wallet_column('transactions', 'channel', 'channel')) }}
where {{ transaction_fault() }} is null
