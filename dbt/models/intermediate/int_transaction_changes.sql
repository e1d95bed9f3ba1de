{#
  The change log that makes every aggregate incremental and right: which transactions this run inserts, updates or deletes
  in fct_transactions, with the keys that the row had before and has after. An aggregate replaces the keys named since it
  was last built, so a transaction that moved to another day, lost its customer or vanished corrects both places.

  It compares staging with what the last run left in fct_transactions, which this model therefore reads without a ref
  (the fact is built from this log, a ref would be a circle). Candidates are rows landed since the newest one in the fact,
  less a look-back, those whose wallet, merchant or rate changed, and, only when counts disagree, vanished keys.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    post_hook="delete from {{ this }} where changed_at < now() - interval '{{ var(\"change_log_days\") }} days'"
  )
}}

{%- set keys = [
  'transaction_date', 'settled_date', 'currency', 'user_id', 'merchant_id', 'source_wallet_id', 'destination_wallet_id'
] -%}
{%- set fact = last_built('marts', 'fct_transactions') if execute and not flags.FULL_REFRESH else none -%}
{%- set read = [
  ref('int_transactions'), ref('int_wallet_owners'), ref('int_exchange_rates_daily'), ref('stg_ewallet__transactions')
] -%}

{% if not fact %}
-- Nothing to compare with: the fact and everything after it is built whole in this run.
  select
    now() as changed_at,
    transaction_id,
    cast(null as text) as change,
    cast(null as text) as image,
    {{ keys | join(',\n  ') }}
  from {{ read[0] }}
  where false
{% else %}
{%- set values = compared_columns(fact, ['changes_until']) -%}
with watermark as (
  select
    (select max(loaded_at) from {{ fact }}) - interval '{{ var("look_back")[var("ewallet_ingestion")] }}' as loaded_after,
    coalesce((select max(changes_until) from {{ fact }}), 'epoch') as changes_until
),

concerned_wallets as (
  select wallet_id from {{ read[1] }}
  where changed_at > (select changes_until from watermark)
),

concerned_rates as (
  select currency, rate_date from {{ read[2] }}
  where changed_at > (select changes_until from watermark)
),

candidates as (
  select stg.transaction_id from {{ read[3] }} as stg
  where
    (
      stg.loaded_at > (select loaded_after from watermark)
      or (select loaded_after from watermark) is null
    )
    {%- if var('ewallet_ingestion') == 'kafka' %}
      -- A landed row gets a new load time with each version, so what the fact has of the same time need not be compared.
      and not exists (
        select 1 from {{ fact }} as known
        where known.transaction_id = stg.transaction_id and known.loaded_at = stg.loaded_at
      )
    {%- endif %}
  union
  select transaction_id from {{ fact }}
  where
    source_wallet_id in (select wallet_id from concerned_wallets)
    or destination_wallet_id in (select wallet_id from concerned_wallets)
  union
  select fact.transaction_id from {{ fact }} as fact
  inner join concerned_rates
    on fact.transaction_date = concerned_rates.rate_date and fact.currency = concerned_rates.currency
),

present as materialized (
  select transactions.*
  from {{ read[0] }} as transactions
  where transactions.transaction_id in (select transaction_id from candidates)
),

upserts as materialized (
  select
    present.transaction_id,
    case when fact.transaction_id is null then 'inserted' else 'updated' end as change
  from present
  left join {{ fact }} as fact on present.transaction_id = fact.transaction_id
  where
    fact.transaction_id is null
    or ({% for column in values %}present.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
    is distinct from ({% for column in values %}fact.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
),

deletions as materialized (
  select fact.transaction_id
  from {{ fact }} as fact
  where
    -- Counting is cheap, looking for each key is not: only a difference in counts makes the search necessary.
    (select count(*) from {{ read[3] }})
    <> (select count(*) from {{ fact }}) + (select count(*) from upserts where change = 'inserted')
    and not exists (
      select 1 from {{ read[3] }} as stg
      where stg.transaction_id = fact.transaction_id
    )
)

select
  now() as changed_at,
  upserts.transaction_id,
  upserts.change,
  'after' as image,
  {% for key in keys %}present.{{ key }}{{ ',\n  ' if not loop.last }}{% endfor %}
from upserts
inner join present on upserts.transaction_id = present.transaction_id
union all
select
  now() as changed_at,
  fact.transaction_id,
  changed.change,
  'before' as image,
  {% for key in keys %}fact.{{ key }}{{ ',\n  ' if not loop.last }}{% endfor %}
from (
  select transaction_id, change from upserts
  where change = 'updated'
  union all
  select transaction_id, 'deleted' from deletions
) as changed
inner join {{ fact }} as fact on changed.transaction_id = fact.transaction_id
{% endif %}
