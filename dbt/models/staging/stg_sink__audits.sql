{# What ewallet-audit found; empty where its table is absent, as in a warehouse whose sink has not migrated yet. #}
{{ rows_if_present(optional_relation(var('sink_schema'), 'audits'), {
  'audit_id': ['audit_id', 'uuid'],
  'stream': ["substring(table_name from '[^.]+$')", 'text'],
  'finished_at': ['finished_at', 'timestamp with time zone'],
  'is_equal': ['"equal"', 'boolean'],
  'is_complete': ['not keys_only and sample_percent is null', 'boolean'],
  'finding_count': ['missing + extra + different', 'bigint']
}) }}
