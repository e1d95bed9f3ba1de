{#
  Every version of a wallet that change data capture gave, where a second sink lands them all (README, "Every balance there was");
  empty where the table is absent. A sync that was repeated gives a version again: the same place in the e-wallet's log.
#}
{%- set history = optional_relation(
  var('ewallet_history_schema'), var('ewallet_tables').get('wallets', 'wallets')
) -%}
{%- set status_is_known = history and (
  'status' in var('ewallet_columns').get('wallets', {})
  or 'status' in adapter.get_columns_in_relation(history) | map(attribute='name')
) -%}
with versions as (
  {{ rows_if_present(history ~ ' as source_rows' if history else none, {
    'wallet_id': [wallet_column('wallets', 'id', 'id'), var('key_type')],
    'source_currency': [wallet_column('wallets', 'currency', 'currency'), 'text'],
    'source_balance': [wallet_column('wallets', 'balance', 'balance'), 'numeric'],
    'source_status': [wallet_column('wallets', 'status', 'status') if status_is_known else 'null', 'text'],
    'lsn': ['_ab_cdc_lsn', 'numeric'],
    'changed_at': ['_ab_cdc_updated_at', 'timestamp with time zone'],
    'is_deleted': ['_ab_cdc_deleted_at is not null', 'boolean']
  }) | indent(2) }}
)

select distinct on (versions.wallet_id, versions.changed_at, versions.lsn)
  versions.wallet_id,
  versions.source_currency,
  coalesce(currency_map.to_currency, 'unmapped') as currency,
  {{ money_or_null(in_major_units('versions.source_balance')) }} as balance,
  versions.source_status,
  versions.changed_at,
  versions.lsn,
  versions.is_deleted
from versions
left join {{ ref('currency_map') }} as currency_map
  on currency_map.from_currency = versions.source_currency
order by versions.wallet_id asc, versions.changed_at asc, versions.lsn asc
