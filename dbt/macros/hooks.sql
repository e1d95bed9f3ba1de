{#
  Settings for the model's own transaction: names mean PostgreSQL's own (search_path.sql). For tables: memory for their sorts and
  hashes, no JIT (compiling costs seconds in queries of this shape), and no parallel workers, as the threads of dbt use the cores
  already.
#}
{% macro prepare_session() -%}
  {%- if execute -%}
    {{ own_names_first() }}
  {%- endif -%}
  {%- if execute and model.config.materialized != 'view' -%}
    ;
    set local work_mem = '{{ var("work_mem") }}';
    set local jit = off;
    set local max_parallel_workers_per_gather = {{ var("parallel_workers") }}
  {%- endif -%}
{%- endmacro %}

{#
  A table made in this run has no statistics until autovacuum comes round, and models that read it would be planned for a
  handful of rows (measured: 3 s instead of 0.1 s for p2p_network at 20,000 transactions). A third of the usual sample does for
  that, and autovacuum takes the usual one soon after.
#}
{% macro refresh_statistics() -%}
  {%- if execute and model.config.materialized != 'view' -%}
    set local default_statistics_target = 30;
    analyze {{ this }}
  {%- endif -%}
{%- endmacro %}
