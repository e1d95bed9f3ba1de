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

{# Value for the changes_until column: the newest change that the logs hold, so that the next run begins after it. #}
{% macro changes_until(logs) -%}
  greatest(
    {%- for log in logs %}
    (select coalesce(max(changed_at), 'epoch') from {{ log }})
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
  )
{%- endmacro %}

{# The values of one key that changed since `relation` was built, as a subquery. #}
{% macro changed_keys(relation, logs, column) -%}
  {%- for log in logs %}
    select {{ column }} from {{ log }}
    where changed_at > (select coalesce(max(changes_until), 'epoch') from {{ relation }})
    {%- if not loop.last %}
    union
    {%- endif %}
  {%- endfor %}
{%- endmacro %}

{#
  Strategy replace_keys: deletes every row whose key (meta.replaces.key) is among the changed ones (meta.replaces.changed, a
  subquery over `this`), whether or not the new result has rows for it, then inserts the result. delete+insert would leave
  a key's last rows behind once nothing is left of it.
#}
{% macro get_incremental_replace_keys_sql(arg_dict) %}
  {%- set target = arg_dict['target_relation'] -%}
  {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
  {%- set replaces = config.get('meta')['replaces'] -%}
  {%- set logs = [] -%}
  {%- for name in replaces['logs'] -%}{%- do logs.append(ref(name)) -%}{%- endfor -%}
  delete from {{ target }}
  where {{ replaces['key'] }} in (
    {%- if replaces.get('changed') -%}
    {{ context[replaces['changed']](target) }}
    {%- else -%}
    {{ changed_keys(target, logs, replaces.get('log_column', replaces['key'])) }}
    {%- endif %}
  );
  insert into {{ target }} ({{ columns }})
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
    {{ changed_keys(relation, [ref('int_transaction_changes')], 'coalesce(settled_date, transaction_date)') }}
    union
    select movement_date from {{ relation }}
    where currency in (
      select currency from {{ ref('int_wallet_owners') }}
      where wallet_kind = 'fee' and changed_at > (select coalesce(max(changes_until), 'epoch') from {{ relation }})
    )
{%- endmacro %}

{#
  Wallets whose balances read differently: those of changed transactions, the fee wallets of their currencies, those with a
  new or changed owner, and those of a currency whose rates changed on days that are already there.
#}
{% macro wallets_with_changed_balance(relation) -%}
    {%- set since -%}
    (select coalesce(max(changes_until), 'epoch') from {{ relation }})
    {%- endset %}
    select source_wallet_id from {{ ref('int_transaction_changes') }} where changed_at > {{ since }}
    union
    select destination_wallet_id from {{ ref('int_transaction_changes') }} where changed_at > {{ since }}
    union
    select owners.wallet_id
    from {{ ref('int_wallet_owners') }} as owners
    where
      owners.changed_at > {{ since }}
      or (
        owners.wallet_kind = 'fee'
        and owners.currency in (
          select currency from {{ ref('int_transaction_changes') }} where changed_at > {{ since }}
        )
      )
      or owners.currency in (
        select currency from {{ ref('int_exchange_rates_daily') }}
        where
          changed_at > {{ since }}
          and rate_date <= (select max(balance_date) from {{ relation }})
      )
{%- endmacro %}

{# Dates of changed transactions and of changed activity. #}
{% macro changed_activity_dates(relation) -%}
    {{ changed_keys(relation, [ref('int_transaction_changes')], 'transaction_date') }}
    union
    {{ changed_keys(relation, [ref('int_activity_days')], 'activity_date') }}
{%- endmacro %}
