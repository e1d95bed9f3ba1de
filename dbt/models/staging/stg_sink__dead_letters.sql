{# Records that the sink could not land, without their content; empty where its tables are absent. #}
{{ rows_if_present(optional_relation(var('sink_schema'), 'dead_letters'), {
  'connector': ['connector', 'text'],
  'topic': ['topic', 'text'],
  'stream': ["substring(topic from '[^.]+$')", 'text'],
  'partition_number': ['partition', 'integer'],
  'record_offset': ['"offset"', 'bigint'],
  'error_class': ['error_class', 'text'],
  'failed_at': ['failed_at', 'timestamp with time zone']
}) }}
