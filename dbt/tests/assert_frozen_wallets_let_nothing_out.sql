{#
  A frozen wallet may receive and not send. When it was frozen is known where every version of wallets has landed; what
  had begun before may still end, and the minute after the change is nobody's fault.
#}
{{ config(severity='warn') }}
{%- set query -%}
select cast(sent.transaction_id as text) as row_key
from {{ ref('fct_transactions') }} as sent
inner join (
  select
    versions.wallet_id,
    coalesce(statuses.to_value = 'frozen', false) as is_frozen,
    versions.changed_at as frozen_from,
    lead(versions.changed_at) over (
      partition by versions.wallet_id order by versions.changed_at asc, versions.lsn asc
    ) as frozen_until
  from {{ ref('stg_ewallet__wallet_versions') }} as versions
  left join {{ ref('value_map') }} as statuses
    on statuses.domain = 'wallet_status' and versions.source_status = statuses.from_value
) as periods
  on
    sent.source_wallet_id = periods.wallet_id
    and sent.created_at > periods.frozen_from + interval '1 minute'
    and coalesce(sent.created_at < periods.frozen_until, true)
where periods.is_frozen and sent.transaction_status = 'completed'
{%- endset -%}
{{ findings(
  'completed transactions out of a wallet that was frozen',
  [ref('fct_transactions'), ref('stg_ewallet__wallet_versions'), ref('value_map')],
  query
) }}
