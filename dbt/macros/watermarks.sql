{#
  Where an earlier run stopped: the newest change that a relation has seen, and values that are read when a model is compiled.
#}

{#
  Whether a model that gives all its rows each time, a table, may continue from what an earlier run left of it. Where it is only
  parsed, as by the lint, it may: that is the longer way through the model.
#}
{% macro continues_from_itself() %}
  {%- if not execute or flags.FULL_REFRESH -%}
    {{ return(not execute) }}
  {%- endif -%}
  {%- set left = adapter.get_relation(this.database, this.schema, this.identifier) -%}
  {{ return(left is not none and left.is_table) }}
{% endmacro %}

{# The relation that an earlier run left for a model, or none; for the two that may not ref it: the change log, risk signals. #}
{% macro last_built(schema, name) %}
  {{ return(adapter.get_relation(database=target.database, schema=schema, identifier=name)) }}
{% endmacro %}

{# The first column of a query's first row. #}
{% macro first_value(query) %}
  {{ return(query_rows(query).columns[0].values()[0]) }}
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

{# A query's date as a literal, for the same reason. #}
{% macro literal_date(query) -%}
  date '{{ first_value("select cast((" ~ query ~ ") as text)") if execute else '2000-01-01' }}'
{%- endmacro %}

{# The newest change that any log has; null where there is none yet. #}
{% macro newest_change() -%}
  {%- set logs = [] -%}
  {%- for name in ['int_transaction_changes', 'int_activity_days', 'int_exchange_rates_daily', 'int_wallet_owners'] if execute -%}
    {%- set log = last_built('intermediate', name) -%}
    {%- if log -%}{%- do logs.append('select max(changed_at) as changed_at from ' ~ log) -%}{%- endif -%}
  {%- endfor -%}
  {%- if logs -%}
    (select max(newest.changed_at) from ({{ logs | join(' union all ') }}) as newest)
  {%- else -%}
    cast(null as timestamp with time zone)
  {%- endif -%}
{%- endmacro %}

{#
  The moment of a change, for the logs: later than every one before, though the warehouse's clock was set back or a standby took
  its place whose clock is behind. What is read "since then" would leave such a change out, for good.
#}
{% macro changing_at() -%}
  greatest(now(), {{ newest_change() }} + interval '1 microsecond')
{%- endmacro %}

{#
  Value for the changes_until column, after which the next run begins: the newest change that the logs hold, of any log where all
  was read: an empty one says nothing, and the run after a build of everything would compare everything.
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
  {{ read_until() }}
  {%- endif -%}
{%- endmacro %}

{# The same for a model that reads everything: no change is newer than what it read, whatever the clock says. #}
{% macro read_until() -%}
  coalesce({{ newest_change() }}, now())
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
