{#
  Money that came in and left again soon after. Each inflow is judged alone, so between runs only the days that a change may concern
  are looked at again.
#}
{{ config(materialized='ephemeral') }}

{%- set fact = ref('fct_transactions') -%}
{%- set signals = built_risk_signals() -%}
{%- set minutes = var('risk_in_out_minutes') -%}
{%- if signals -%}
  {%- set days = ref('int_risk_inflow_days') -%}
  {%- set reach = risk_reach_days() -%}
  {%- set since = built_until(signals) -%}
{%- endif %}

{#- Half-hour style buckets turn the search for what left soon after into a hash join. #}
with inflows as (
  select
    transaction_id,
    destination_user_id as user_id,
    destination_wallet_id as wallet_id,
    currency,
    amount,
    amount_reporting,
    settled_at,
    {{ time_bucket('settled_at', minutes) }} as bucket
  from {{ fact }}
  where
    transaction_status = 'completed'
    and transaction_type in ('top_up', 'transfer')
    and destination_user_id is not null
    and not is_internal_transfer
    and {{ in_out_amount() | indent(4) }} >= {{ in_out_least() | indent(4) }}
    {%- if signals %}
      and settled_date in ({{ moved_dates(since, -reach, 0) }})
      and (destination_user_id, settled_date) in (select * from {{ days }})
    {%- endif %}
),

outflows as (
  select
    source_wallet_id as wallet_id,
    amount + fee_amount as amount,
    settled_at,
    {{ time_bucket('settled_at', minutes) }} as bucket
  from {{ fact }}
  where
    transaction_status = 'completed'
    and transaction_type in ('transfer', 'withdrawal')
    and source_user_id is not null
    and not is_internal_transfer
    {%- if signals %}
      and settled_date in ({{ moved_dates(since, -reach, reach) }})
      and source_user_id in (select user_id from {{ days }})
    {%- endif %}
),

in_out as (
  select
    inflows.transaction_id,
    inflows.user_id,
    inflows.currency,
    inflows.amount,
    inflows.amount_reporting,
    inflows.settled_at as window_start,
    max(outflows.settled_at) as window_end,
    count(*) + 1 as event_count,
    sum(outflows.amount) as amount_out
  from inflows
  cross join (values (0), (1)) as near (buckets_ahead)
  inner join outflows
    on
      inflows.wallet_id = outflows.wallet_id
      and inflows.bucket + near.buckets_ahead = outflows.bucket
      and inflows.settled_at < outflows.settled_at
      and inflows.settled_at + interval '{{ minutes }} minutes' >= outflows.settled_at
  group by
    inflows.transaction_id, inflows.user_id, inflows.currency, inflows.amount, inflows.amount_reporting,
    inflows.settled_at
  having sum(outflows.amount) >= inflows.amount * {{ var('risk_in_out_share') }}
)

select
  'rapid_in_out' as signal_type,
  user_id,
  cast(transaction_id as text) as subject,
  window_start,
  window_end,
  event_count,
  currency,
  amount,
  amount_reporting,
  -- What leaves beyond what came in is other money; a hundred times the least amount weighs double.
  least(1, amount_out / amount) / {{ var('risk_in_out_share') }}
  * greatest(1, log(10, {{ in_out_amount() | indent(2) }} / {{ in_out_least() | indent(2) }})) as score,
  least(100, round(100 * amount_out / amount)) || '% of what came in left again within {{ minutes }} minutes'
    as explanation
from in_out
