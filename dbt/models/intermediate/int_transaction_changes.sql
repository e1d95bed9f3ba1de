{#
  The change log that makes every aggregate incremental and right: which transactions this run inserts, updates or deletes
  in fct_transactions, with the row before and after. An aggregate replaces the keys named since it was last built, so a
  transaction that moved to another day, lost its customer or vanished corrects both places. The fact takes the rows from
  here: what lands meanwhile would be in the fact and not in the log, and no aggregate would ever hear of it.

  It compares staging with what the last run left in fct_transactions, which this model therefore reads without a ref
  (the fact is built from this log, a ref would be a circle). Candidates are rows landed since the newest one in the fact,
  less a look-back, those whose wallet, merchant or rate changed, and, only when counts disagree, vanished keys.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    full_refresh=false,
    post_hook="delete from {{ this }} where changed_at < now() - interval '{{ var(\"change_log_days\") }} days'"
  )
}}

{%- set fact = last_built('marts', 'fct_transactions') if execute and not flags.FULL_REFRESH else none -%}
{%- set read = [
  ref('int_transactions'), ref('int_wallet_owners'), ref('int_exchange_rates_daily'), ref('stg_ewallet__transactions')
] -%}

{% if not fact %}
-- Nothing to compare with: the fact and everything after it is built whole in this run.
  select
    {{ changing_at() }} as changed_at,
    cast(null as text) as change,
    cast(null as text) as image,
    transactions.*
  from {{ read[0] }} as transactions
  where false
{% else %}
{%- set values = compared_columns(fact, ['changes_until']) -%}
{#
  Watermarks are literals and branches without a candidate are left out: with subqueries the planner would expect a third of
  all rows, and compute int_transactions for every one.
#}
{%- set since = built_until(fact) -%}
{%- set loaded_after = first_value(
  "select cast(max(loaded_at) - interval '" ~ var("look_back")[var("ewallet_ingestion")] ~ "' as text) from " ~ fact
) -%}
{%- set concerned_wallets = 'select wallet_id from ' ~ read[1] ~ ' where changed_at > ' ~ since -%}
{%- set concerned_rates = 'select currency, rate_date from ' ~ read[2] ~ ' where changed_at > ' ~ since -%}
with candidates as (
  select stg.transaction_id from {{ read[3] }} as stg
  where
    {{ "stg.loaded_at > timestamptz '" ~ loaded_after ~ "'" if loaded_after else 'true' }}
    {%- if var('ewallet_ingestion') == 'kafka' %}
      -- A landed row gets a new load time with each version, so what the fact has of the same time need not be compared.
      and not exists (
        select 1 from {{ fact }} as known
        where known.transaction_id = stg.transaction_id and known.loaded_at = stg.loaded_at
      )
    {%- endif %}
  {%- set oldest = first_value('select cast(min(transaction_date) as text) from ' ~ fact) %}
  {%- if oldest %}
  union
  -- Set aside before, as it was older than all sign-ups, until an earlier one arrived.
  select stg.transaction_id from {{ read[3] }} as stg
  where stg.created_at < timestamptz '{{ oldest }}' + interval '1 day'
  {%- endif %}
  {%- if first_value('select exists (' ~ concerned_wallets ~ ')') %}
  union
  select transaction_id from {{ fact }}
  where
    source_wallet_id in ({{ concerned_wallets }})
    or destination_wallet_id in ({{ concerned_wallets }})
  {%- endif %}
  {%- if first_value('select exists (' ~ concerned_rates ~ ')') %}
  union
  select fact.transaction_id from {{ fact }} as fact
  inner join ({{ concerned_rates }}) as concerned_rates
    on fact.transaction_date = concerned_rates.rate_date and fact.currency = concerned_rates.currency
  {%- endif %}
),

present as materialized (
  select transactions.*
  from {{ read[0] }} as transactions
  -- An array: a join with the candidates would come after all of int_transactions' own, as its rate depends on an outer join.
  where transactions.transaction_id = any(array(select transaction_id from candidates))
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
  {{ changing_at() }} as changed_at,
  upserts.change,
  'after' as image,
  {% for column in values %}present.{{ column }}{{ ',\n  ' if not loop.last }}{% endfor %}
from upserts
inner join present on upserts.transaction_id = present.transaction_id
union all
select
  {{ changing_at() }} as changed_at,
  changed.change,
  'before' as image,
  {% for column in values %}fact.{{ column }}{{ ',\n  ' if not loop.last }}{% endfor %}
from (
  select transaction_id, change from upserts
  where change = 'updated'
  union all
  select transaction_id, 'deleted' from deletions
) as changed
inner join {{ fact }} as fact on changed.transaction_id = fact.transaction_id
{% endif %}
