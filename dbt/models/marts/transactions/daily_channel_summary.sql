{#
  What a card counts and sums by day, type, status, currency and channel, so that it reads a few thousand rows and not the
  fact. Only what can be added up again over any of them is here: medians and distinct customers have marts of their own.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_keys',
    on_schema_change='append_new_columns',
    meta={'replaces': {'key': 'transaction_date', 'logs': ['int_transaction_changes']}},
    indexes=[{'columns': ['transaction_date']}]
  )
}}

select
  transaction_date,
  transaction_type,
  transaction_status,
  currency,
  channel,
  count(*) as transaction_count,
  count(*) filter (where transaction_status = 'failed') as failed_count,
  sum(amount) as gross_amount,
  sum(fee_amount) as fee_amount,
  sum(net_amount) as net_amount,
  sum(amount_reporting) as gross_amount_reporting,
  sum(fee_amount_reporting) as fee_amount_reporting,
  sum(net_amount_reporting) as net_amount_reporting,
  {%- for band, lowest, above in size_bands() %}
    count(*) filter (
      where amount_reporting >= {{ lowest * var('reporting_amount_scale') }}
      {{ 'and amount_reporting < ' ~ above * var('reporting_amount_scale') if above is not none }}
    ) as {{ band }},
  {%- endfor %}
  {{ changes_until([ref('int_transaction_changes')]) }} as changes_until
from {{ ref('fct_transactions') }}
{% if is_incremental() %}
  where transaction_date in ({{ changed_dates(this) }})
{% endif %}
group by transaction_date, transaction_type, transaction_status, currency, channel
