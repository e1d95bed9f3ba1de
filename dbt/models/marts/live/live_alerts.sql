{# On no other model: see live_minute_volumes. #}
{{ config(materialized='view') }}

with alerts as (
  {{ rows_if_present(optional_relation(var('realtime_schema'), 'alerts'), {
    'alert_id': ['alert_id', 'text'],
    'signal_type': ['signal', 'text'],
    'severity': ['severity', 'text'],
    'user_id': ['customer_id', var('key_type')],
    'subject': ['subject', 'text'],
    'window_start': ["window_start at time zone 'UTC'", 'timestamp with time zone'],
    'window_end': ["window_end at time zone 'UTC'", 'timestamp with time zone'],
    'event_count': ['transactions', 'bigint'],
    'currency': ['currency', 'text'],
    'amount': ['amount', var('money_type')],
    'explanation': ['explanation', 'text']
  }) | indent(2) }}
),

deliveries as (
  {{ rows_if_present(optional_relation(var('realtime_schema'), 'deliveries'), {
    'alert_id': ['alert_id', 'text'],
    'channel': ['channel', 'text'],
    'delivery_status': ['status', 'text'],
    'told_at': ["told_at at time zone 'UTC'", 'timestamp with time zone']
  }) | indent(2) }}
),

told as (
  select
    alert_id,
    string_agg(channel, ', ' order by channel) as told_channels,
    min(told_at) as told_at
  from deliveries
  where delivery_status = 'raised'
  group by alert_id
)

select
  alerts.alert_id,
  alerts.signal_type,
  alerts.severity,
  alerts.user_id,
  alerts.subject,
  alerts.window_start,
  alerts.window_end,
  {{ local_date('alerts.window_end') }} as alert_date,
  alerts.event_count,
  alerts.currency,
  alerts.amount,
  alerts.explanation,
  told.told_channels,
  told.told_at
from alerts
left join told on alerts.alert_id = told.alert_id
