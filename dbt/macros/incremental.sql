{#
  Incremental models of this project, in two parts: the change log (int_transaction_changes, int_activity_changes) names the
  keys that new, changed and vanished rows concern; a model recomputes those keys whole and replaces them.
#}

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
  Strategy replace_keys: deletes every row whose key (meta.replaces.key) is among the changed ones (meta.replaces.changed, a
  subquery over `this`), whether or not the new result has rows for it, then inserts the result. delete+insert would leave
  a key's last rows behind once nothing is left of it. With meta.replaces.from, the name of a date column, the subquery gives
  from_date too, and only rows of a changed key from that date on are replaced.
#}
{% macro get_incremental_replace_keys_sql(arg_dict) %}
  {%- set target = arg_dict['target_relation'] -%}
  {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
  {%- set replaces = config.get('meta')['replaces'] -%}
  {%- set logs = [] -%}
  {%- for name in replaces['logs'] -%}{%- do logs.append(ref(name)) -%}{%- endfor -%}
  {%- if replaces.get('from') %}
  delete from {{ target }} as stale
  using ({{ context[replaces['changed']](target) }}) as changed
  where stale.{{ replaces['key'] }} = changed.{{ replaces['key'] }} and stale.{{ replaces['from'] }} >= changed.from_date;
  {%- else %}
  delete from {{ target }}
  where {{ replaces['key'] }} in (
    {%- if replaces.get('changed') -%}
    {{ context[replaces['changed']](target) }}
    {%- else -%}
    {{ changed_keys(target, logs, replaces.get('log_column', replaces['key'])) }}
    {%- endif %}
  );
  {%- endif %}
  insert into {{ target }} ({{ columns }})
  select {{ columns }} from {{ arg_dict['temp_relation'] }};
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

{# Changed dates, and those whose comparison with the day or the week before looks at a changed one. #}
{% macro dates_compared_with_changed(relation) -%}
    select cast(changed.transaction_date + compared.days_ahead as date) as replaced_date
    from ({{ changed_keys(relation, [ref('int_transaction_changes')], 'transaction_date') }}) as changed
    cross join (values (0), (1), (7)) as compared (days_ahead)
{%- endmacro %}

{#
  Days on which money moved in changed transactions: when they settled, or were made where the wallet does not say. A fee
  wallet that appears or changes concerns every day of its currency.
#}
{% macro changed_movement_dates(relation) -%}
    {%- set dates -%}
    {{ changed_keys(relation, [ref('int_transaction_changes')], 'coalesce(settled_date, transaction_date)') }}
    union
    select movement_date from {{ relation }}
    where currency in (
      select currency from {{ ref('int_wallet_owners') }}
      where wallet_kind = 'fee' and changed_at > {{ built_until(relation) }}
    )
    {%- endset -%}
    {{ literals(dates) }}
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

{# Dates of changed transactions and of changed activity. #}
{% macro changed_activity_dates(relation) -%}
    {%- set dates -%}
    {{ changed_keys(relation, [ref('int_transaction_changes')], 'transaction_date') }}
    union
    {{ changed_keys(relation, [ref('int_activity_days')], 'activity_date') }}
    {%- endset -%}
    {{ literals(dates) }}
{%- endmacro %}
