{# What the sink has landed from each Kafka partition; empty where its tables are absent. #}
{{ rows_if_present(optional_relation(var('sink_schema'), 'offsets'), {
  'connector': ['connector', 'text'],
  'topic': ['topic', 'text'],
  'stream': ["substring(topic from '[^.]+$')", 'text'],
  'partition_number': ['partition', 'integer'],
  'next_offset': ['next_offset', 'bigint'],
  'updated_at': ['updated_at', 'timestamp with time zone']
}) }}
