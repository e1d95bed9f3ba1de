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
    {% endfor %}changed_at = {{ changing_at() }}
  where
    not exists (select 1 from {{ source }} as fresh where {{ matched }})
    and coalesce({% for value in values %}cast(stale.{{ value }} as text){{ ', ' if not loop.last }}{% endfor %}) is not null;
{% endmacro %}
