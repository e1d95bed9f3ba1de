{#
  Pending for longer than 999 of 1,000 of its channel ever took, and for longer than a day: somebody waits for money. What is held
  waits by intent.
#}
{{ config(severity='warn') }}
{%- set query -%}
select cast(pending.transaction_id as text) as row_key
from {{ ref('fct_transactions') }} as pending
inner join (
  select
    channel,
    percentile_disc(0.999) within group (order by seconds_to_settle) as seconds
  from {{ ref('fct_transactions') }}
  where
    seconds_to_settle is not null
    and exists (select from {{ ref('fct_transactions') }} as open where open.transaction_status = 'pending')
  group by channel
) as usual on pending.channel = usual.channel
where
  pending.transaction_status = 'pending'
  and not pending.is_held
  and pending.created_at < (select max(newest.created_at) from {{ ref('fct_transactions') }} as newest)
  - greatest(usual.seconds * interval '1 second', interval '1 day')
{%- endset -%}
{{ findings('transactions that are pending for longer than any of their channel', [ref('fct_transactions')], query) }}
