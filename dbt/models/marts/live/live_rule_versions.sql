{# On no other model: see live_minute_volumes. #}
{{ config(materialized='view') }}

{{ rows_if_present(optional_relation(var('realtime_schema'), 'risk_rule_history'), {
  'signal_type': ['signal', 'text'],
  'version_number': ['version', 'bigint'],
  'is_enabled': ['enabled', 'boolean'],
  'least_count': ['least_count', 'bigint'],
  'least_share': ['least_share', 'numeric(20, 9)'],
  'set_by': ['set_by', 'text'],
  'reason': ['reason', 'text'],
  'set_at': ["set_at at time zone 'UTC'", 'timestamp with time zone']
}) }}
