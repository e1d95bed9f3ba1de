{# How much of each stream there is, and how fresh it is. #}
{%- set streams = {
  'currencies': ['code', 'updated_at'],
  'users': ['id', 'updated_at'],
  'merchants': ['id', 'updated_at'],
  'wallets': ['id', 'updated_at'],
  'transactions': ['id', 'updated_at'],
  'user_activity': ['id', 'occurred_at']
} -%}
{% for stream, (key, loaded_at) in streams.items() %}
  select
    '{{ stream }}' as stream,
    landed.raw_row_count,
    {{ 'landed.raw_row_count'
      if holds_one_version(stream, key) and not meant_rows(stream) and not (stream == 'transactions' and var('ewallet_operations'))
      else '(select count(*) from ' ~ latest_rows(stream, key, loaded_at) ~ ')' }} as present_row_count,
    {%- if var('ewallet_ingestion') == 'kafka' %}
      landed.latest_extracted_at,
      (
        select avg(extract(epoch from _loaded_at - _airbyte_extracted_at))
        from {{ landed_rows(stream) }}
        where _loaded_at > landed.latest_loaded_at - interval '1 day'
      ) as average_load_delay_seconds,
    {%- else %}
      cast(null as timestamp with time zone) as latest_extracted_at,
      cast(null as numeric) as average_load_delay_seconds,
    {%- endif %}
    landed.latest_loaded_at
  from (
    select
      count(*) as raw_row_count,
      {%- if var('ewallet_ingestion') == 'kafka' %}
        max(_airbyte_extracted_at) as latest_extracted_at,
      {%- endif %}
      max({{ row_loaded_at(stream, loaded_at) }}) as latest_loaded_at
    from {{ landed_rows(stream) }}
  ) as landed
  {%- if not loop.last %}
    union all
  {%- endif %}
{% endfor %}
