{#
  Versions of a row are in the order of their commits, and within one transaction in that of the log. A version that left the
  balance as it was begins no period; a deletion ends one.
#}
{{ config(indexes=[{'columns': ['wallet_id', 'version_number'], 'unique': true}]) }}

with versions as (
  select
    wallet_id,
    currency,
    balance,
    is_deleted,
    changed_at,
    lsn,
    lag(balance) over in_order as balance_before,
    lag(is_deleted) over in_order as was_deleted
  from {{ ref('stg_ewallet__wallet_versions') }}
  window in_order as (partition by wallet_id order by changed_at asc, lsn asc)
),

periods as (
  select
    *,
    lead(changed_at) over (partition by wallet_id order by changed_at asc, lsn asc) as changed_again_at
  from versions
  where was_deleted is null or was_deleted <> is_deleted or balance_before is distinct from balance
)

select
  wallet_id,
  cast(row_number() over (partition by wallet_id order by changed_at asc, lsn asc) as bigint) as version_number,
  currency,
  balance,
  cast(balance - balance_before as {{ var('money_type') }}) as balance_change,
  changed_at as valid_from,
  changed_again_at as valid_to,
  changed_again_at is null as is_current
from periods
where not is_deleted
