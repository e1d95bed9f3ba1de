{#
  What changed since a relation was built, and whom it concerns: the change log (int_transaction_changes, int_activity_days) names
  the keys that new, changed and vanished rows concern. A model recomputes those keys whole and replaces them.
#}

{# Column names of a relation but for the given ones. #}
{% macro compared_columns(relation, omitted) %}
  {{ return(adapter.get_columns_in_relation(relation) | map(attribute='name') | reject('in', omitted) | list) }}
{% endmacro %}

{# The values of one key that changed since `relation` was built, as a subquery. #}
{% macro changed_keys(relation, logs, column) -%}
  {%- set since = built_until(relation) -%}
  {%- for log in logs %}
    select {{ column }} from {{ log }}
    where changed_at > {{ since }}
    {%- if not loop.last %}
    union
    {%- endif %}
  {%- endfor %}
{%- endmacro %}

{#
  Two CTEs, `touched` and `changed_transactions`, for a model that adds to what it has: transactions that changed since `relation`
  was built, each as it is now (times 1) and as it was when `relation` was built (times -1). What was is the first image since
  then, what is the fact: batches of the log between them, or one that the fact did not take, do not count.
#}
{% macro changed_transactions(relation, columns) -%}
  touched as materialized (
    select distinct on (transaction_id)
      transaction_id,
      image,
      {{ columns | join(',\n      ') }}
    from {{ ref('int_transaction_changes') }}
    where changed_at > {{ built_until(relation) }}
    -- Of one batch the image before comes first.
    order by transaction_id asc, changed_at asc, image desc
  ),

  changed_transactions as materialized (
    select
      transaction_id,
      1 as times,
      {{ columns | join(',\n      ') }}
    from {{ ref('fct_transactions') }}
    where transaction_id = any(array(select transaction_id from touched))
    union all
    select
      transaction_id,
      -1 as times,
      {{ columns | join(',\n      ') }}
    from touched
    where image = 'before'
  ),
{%- endmacro %}

{#
  Of the change log, the newest batch, unless the relation has it already. A batch that it could not take, as a run failed, was
  compared again by the next one: what that one does not name is right as it is.
#}
{% macro newest_batch(relation) -%}
  changed_at > {{ built_until(relation) }}
  and changed_at = (select max(changed_at) from {{ ref('int_transaction_changes') }})
{%- endmacro %}

{% macro newest_changes(relation) -%}
    select transaction_id from {{ ref('int_transaction_changes') }}
    where {{ newest_batch(relation) }}
{%- endmacro %}

{# Dates of changed transactions as literals: the fact is then found by its index on them. #}
{% macro changed_dates(relation) -%}
  {{ literals(changed_keys(relation, [ref('int_transaction_changes')], 'transaction_date')) }}
{%- endmacro %}

{# Changed dates, and those whose comparison with the day or the week before looks at a changed one. #}
{% macro dates_compared_with_changed(relation) -%}
    select cast(changed.transaction_date + compared.days_ahead as date) as replaced_date
    from ({{ changed_keys(relation, [ref('int_transaction_changes')], 'transaction_date') }}) as changed
    cross join (values (0), (1), (7)) as compared (days_ahead)
{%- endmacro %}

{#
  Wallets and days on which money moved in changed transactions: when they settled, or were made where the wallet does not say.
  A fee wallet that appears or changes concerns every wallet and day of its currency.
#}
{% macro changed_movements(relation) -%}
    {%- set since = built_until(relation) -%}
    {%- set fee_owners = "select currency, wallet_id from " ~ ref('int_wallet_owners') ~ " where wallet_kind = 'fee'" -%}
    select
      moved.wallet_id,
      moved.movement_date
    from (
      select
        sides.wallet_id,
        coalesce(changes.settled_date, changes.transaction_date) as movement_date
      from {{ ref('int_transaction_changes') }} as changes
      cross join lateral (values (changes.source_wallet_id), (changes.destination_wallet_id)) as sides (wallet_id)
      where changes.changed_at > {{ since }}
      union
      select
        fee_owners.wallet_id,
        coalesce(changes.settled_date, changes.transaction_date) as movement_date
      from {{ ref('int_transaction_changes') }} as changes
      inner join ({{ fee_owners }}) as fee_owners on changes.currency = fee_owners.currency
      where changes.changed_at > {{ since }}
      {%- if not execute or first_value('select exists (' ~ fee_owners ~ ' and changed_at > ' ~ since ~ ')') %}
        union
        select
          concerned.wallet_id,
          days.movement_date
        from {{ relation }} as days
        inner join ({{ fee_owners }} and changed_at > {{ since }}) as fee_owners on days.currency = fee_owners.currency
        cross join lateral (values (days.wallet_id), (fee_owners.wallet_id)) as concerned (wallet_id)
      {%- endif %}
    ) as moved
    where moved.wallet_id is not null
{%- endmacro %}

{#
  Wallets whose balances read differently, and from which day on: the wallets of changed transactions and the fee wallets of
  their currencies from the day that money moved, those of a currency from the day that its rate changed, and wallets with a
  new or changed owner from the beginning. Where the calendar ends earlier than before, every wallet.
#}
{% macro changed_balances(relation) -%}
    {%- set since = built_until(relation) -%}
    select
      wallet_id,
      min(from_date) as from_date
    from (
      select source_wallet_id as wallet_id, coalesce(settled_date, transaction_date) as from_date
      from {{ ref('int_transaction_changes') }}
      where changed_at > {{ since }}
      union all
      select destination_wallet_id, coalesce(settled_date, transaction_date)
      from {{ ref('int_transaction_changes') }}
      where changed_at > {{ since }}
      union all
      select owners.wallet_id, changes.from_date
      from (
        select currency, min(coalesce(settled_date, transaction_date)) as from_date
        from {{ ref('int_transaction_changes') }}
        where changed_at > {{ since }}
        group by currency
      ) as changes
      inner join {{ ref('int_wallet_owners') }} as owners
        on changes.currency = owners.currency and owners.wallet_kind = 'fee'
      union all
      select owners.wallet_id, rates.from_date
      from (
        select currency, min(rate_date) as from_date
        from {{ ref('int_exchange_rates_daily') }}
        where changed_at > {{ since }} and rate_date <= (select max(balance_date) from {{ relation }})
        group by currency
      ) as rates
      inner join {{ ref('int_wallet_owners') }} as owners on rates.currency = owners.currency
      union all
      select wallet_id, date '-infinity'
      from {{ ref('int_wallet_owners') }}
      where
        changed_at > {{ since }}
        or (select last_date from {{ ref('int_date_bounds') }}) < (select max(balance_date) from {{ relation }})
    ) as changed
    where wallet_id is not null
    group by wallet_id
{%- endmacro %}

{#
  Of user_activity, rows of the days that a condition on int_activity_days chooses and later landed ones: the index on the landing
  time finds them, which there is none of for their own.
#}
{% macro landed_with_days(condition) -%}
  {%- if execute -%}
    loaded_at >= timestamptz '{{ first_value(
      "select cast(coalesce(min(earliest_loaded_at), 'infinity') as text) from " ~ ref('int_activity_days') ~ " where " ~ condition
    ) }}'
  {%- else -%}
    true
  {%- endif -%}
{%- endmacro %}

{# Customers and days of changed transactions. #}
{% macro changed_user_days(relation) -%}
    select
      user_id,
      transaction_date as activity_date
    from {{ ref('int_transaction_changes') }}
    where changed_at > {{ built_until(relation) }} and user_id is not null
{%- endmacro %}
