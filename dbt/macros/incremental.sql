{#
  Incremental models of this project, in two parts: the change log (int_transaction_changes, int_activity_changes) names the
  keys that new, changed and vanished rows concern; a model recomputes those keys whole and replaces them.
#}

{#
  Whether a model that gives all its rows each time, a table, may go on from what an earlier run left of it. Where it is only
  parsed, as by the lint, it may: that is the longer way through the model.
#}
{% macro goes_on() %}
  {%- if not execute or flags.FULL_REFRESH -%}
    {{ return(not execute) }}
  {%- endif -%}
  {%- set left = adapter.get_relation(this.database, this.schema, this.identifier) -%}
  {{ return(left is not none and left.is_table) }}
{% endmacro %}

{# The relation that an earlier run left for a model, or none; for the one place that compares with it (see the change log). #}
{% macro last_built(schema, name) %}
  {{ return(adapter.get_relation(database=target.database, schema=schema, identifier=name)) }}
{% endmacro %}

{# Column names of a relation but for the given ones. #}
{% macro compared_columns(relation, omitted) %}
  {{ return(adapter.get_columns_in_relation(relation) | map(attribute='name') | reject('in', omitted) | list) }}
{% endmacro %}

{#
  Value for the changes_until column, after which the next run begins: the newest change that the logs hold, or, where all was
  read, the moment of reading. An empty log says nothing, and the run after a build of everything would compare everything.
#}
{% macro changes_until(logs) -%}
  {%- if is_incremental() -%}
  greatest(
    {%- for log in logs %}
    (select coalesce(max(changed_at), 'epoch') from {{ log }})
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
  )
  {%- else -%}
  now()
  {%- endif -%}
{%- endmacro %}

{#
  The newest change that `relation` has seen, as a literal. A subquery in its place would be planned for a third of the log and
  so of everything that is joined to it: 18 s instead of 1 s for the rows of fct_transactions at a million transactions.
#}
{% macro built_until(relation) -%}
  {%- if execute -%}
    timestamptz '{{ first_value("select cast(coalesce(max(changes_until), 'epoch') as text) from " ~ relation) }}'
  {%- else -%}
    timestamptz 'epoch'
  {%- endif -%}
{%- endmacro %}

{# A query's date as a literal, for the same reason. #}
{% macro literal_date(query) -%}
  date '{{ first_value("select cast((" ~ query ~ ") as text)") if execute else '2000-01-01' }}'
{%- endmacro %}

{# The first column of a query's first row. #}
{% macro first_value(query) %}
  {{ return(run_query(query).columns[0].values()[0]) }}
{% endmacro %}

{#
  The values that a query gives, as literals for `in (...)`: for a key that is an expression, as a date in the reporting time
  zone, a scan then filters by it, which a subquery is joined to only after all else was computed.
#}
{% macro literals(query) -%}
  {%- if execute -%}
    {{ first_value("select string_agg(distinct quote_literal(changed.key), ', ') from (" ~ query ~ ") as changed (key)") or 'null' }}
  {%- else -%}
    null
  {%- endif -%}
{%- endmacro %}

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
  Strategy replace_keys: deletes every row whose key is among the changed ones, whether or not the new result has rows for it,
  then inserts the result. delete+insert would leave a key's last rows behind once nothing is left of it. meta.replaces is one
  of these, or a list of them:

    key, logs [, log_column]  a column, and the logs that name its changed values
    keys, changed [, date]    columns, and a macro that gives their changed values as a subquery over `this`; date is the one
                              of the columns by whose index the rows are found
    key, from, changed        a column and one of dates: rows of a changed key from from_date on
#}
{% macro get_incremental_replace_keys_sql(arg_dict) %}
  {%- set target = arg_dict['target_relation'] -%}
  {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
  {%- set replaces = config.get('meta')['replaces'] -%}
  {%- for replaced in ([replaces] if replaces is mapping else replaces) -%}
    {{ delete_changed(target, replaced) }};
  {%- endfor %}
  insert into {{ target }} ({{ columns }})
  select {{ columns }} from {{ arg_dict['temp_relation'] }};
{% endmacro %}

{% macro delete_changed(target, replaced) %}
  {%- if replaced.get('from') %}
  delete from {{ target }} as stale
  using ({{ context[replaced['changed']](target) }}) as changed
  where stale.{{ replaced['key'] }} = changed.{{ replaced['key'] }} and stale.{{ replaced['from'] }} >= changed.from_date
  {%- elif replaced.get('changed') %}
  delete from {{ target }}
  where ({{ replaced.get('keys', [replaced.get('key')]) | join(', ') }}) in ({{ context[replaced['changed']](target) }})
    {%- if replaced.get('date') %}
    and {{ replaced['date'] }} in (
      {{ literals('select ' ~ replaced['date'] ~ ' from (' ~ context[replaced['changed']](target) ~ ') as changed') }}
    )
    {%- endif %}
  {%- else %}
  {%- set logs = [] -%}
  {%- for name in replaced['logs'] -%}{%- do logs.append(ref(name)) -%}{%- endfor %}
  delete from {{ target }}
  where {{ replaced['key'] }} in ({{ changed_keys(target, logs, replaced.get('log_column', replaced['key'])) }})
  {%- endif %}
{% endmacro %}

{#
  Strategy replace_all: for a model that takes what did not change from itself and gives all its rows again, as each may depend
  on the others (a rank, a degree) but only what changed is worth a look at the fact.
#}
{% macro get_incremental_replace_all_sql(arg_dict) %}
  {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
  delete from {{ arg_dict['target_relation'] }};
  insert into {{ arg_dict['target_relation'] }} ({{ columns }})
  select {{ columns }} from {{ arg_dict['temp_relation'] }};
{% endmacro %}

{#
  Strategy merge_changed: makes the table equal to the result, touching only rows that differ, so that changed_at stays the
  moment of a row's last change. A key that the result no longer has keeps its row with nulls: its change must be seen.
#}
{% macro get_incremental_merge_changed_sql(arg_dict) %}
  {%- set target = arg_dict['target_relation'] -%}
  {%- set source = arg_dict['temp_relation'] -%}
  {%- set keys = arg_dict['unique_key'] -%}
  {%- set names = arg_dict['dest_columns'] | map(attribute='name') | list -%}
  {%- set values = names | reject('in', keys + ['changed_at']) | list -%}
  {%- set matched -%}
    {%- for key in keys %}stale.{{ key }} = fresh.{{ key }}{{ ' and ' if not loop.last }}{% endfor -%}
  {%- endset -%}
  delete from {{ target }} as stale
  using {{ source }} as fresh
  where
    {{ matched }}
    and ({% for value in values %}stale.{{ value }}{{ ', ' if not loop.last }}{% endfor %})
    is distinct from ({% for value in values %}fresh.{{ value }}{{ ', ' if not loop.last }}{% endfor %});
  insert into {{ target }} ({{ names | join(', ') }})
  select {{ names | join(', ') }} from {{ source }} as fresh
  where not exists (select 1 from {{ target }} as stale where {{ matched }});
  update {{ target }} as stale
  set
    {% for value in values %}{{ value }} = null,
    {% endfor %}changed_at = now()
  where
    not exists (select 1 from {{ source }} as fresh where {{ matched }})
    and coalesce({% for value in values %}cast(stale.{{ value }} as text){{ ', ' if not loop.last }}{% endfor %}) is not null;
{% endmacro %}

{#
  Of the change log, the newest batch, unless the relation has it already. A batch that it could not take, as a run failed, was
  compared anew in the one after: what that one does not name is right as it is.
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
