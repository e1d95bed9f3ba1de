{#
  From the fact and not from staging: what lands while a run is under way would be here and not in the change log, and a
  transaction that settles on another day in the next run would stay on this one too.

  Between runs, wallets and days of changed transactions are summed up again from the transactions that moved on those days.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {
      'keys': ['wallet_id', 'movement_date'], 'changed': 'changed_movements', 'date': 'movement_date'
    }},
    indexes=[
      {'columns': ['wallet_id', 'movement_date', 'currency'], 'unique': true},
      {'columns': ['movement_date']},
      {'columns': ['changes_until']}
    ]
  )
}}

{%- if is_incremental() -%}
  {%- set dates = literals('select movement_date from (' ~ changed_movements(this) ~ ') as changed') -%}
{%- endif %}

with
{%- if is_incremental() %}
  changed as materialized (
    {{ changed_movements(this) }}
  ),
{% endif %}
fee_wallets as (
  {{ fee_wallets(ref('int_wallet_owners')) }}
),

transactions as (
  select
    *,
    coalesce(settled_date, transaction_date) as movement_date
  from {{ ref('fct_transactions') }}
  {% if is_incremental() %}
    where settled_date in ({{ dates }}) or (settled_date is null and transaction_date in ({{ dates }}))
  {% endif %}
),

{# Materialized: the planner would join transactions with the changed days alone, and compare all wallets of a day. #}
entries as {{ 'materialized' if is_incremental() }} (
  {{ double_entry('transactions', 'fee_wallets', ['transactions.movement_date']) | indent(2) }}
),

summed as (
  select
    wallet_id,
    currency,
    movement_date,
    count(*) as movement_count,
    coalesce(sum(amount) filter (where amount > 0), 0) as inflow_amount,
    -coalesce(sum(amount) filter (where amount < 0), 0) as outflow_amount
  from entries
  where
    wallet_id is not null
    and amount != 0
    {% if is_incremental() %}
      and (wallet_id, movement_date) in (
        select
          changed.wallet_id,
          changed.movement_date
        from changed
      )
    {% endif %}
  group by wallet_id, currency, movement_date
)

select
  wallet_id,
  currency,
  movement_date,
  movement_count,
  inflow_amount,
  outflow_amount,
  -- Not a third sum: millions of groups have a place in memory for each.
  inflow_amount - outflow_amount as net_amount,
  {{ changes_until([ref('int_transaction_changes'), ref('int_wallet_owners')]) }} as changes_until
from summed
