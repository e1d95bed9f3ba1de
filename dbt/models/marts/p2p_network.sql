{#
  Degrees of two customers stand on all their edges, so every row is given again; the fact is read for the pairs of customers
  whose transfers changed, the other edges are taken from the mart as it is.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_all',
    on_schema_change='append_new_columns',
    indexes=[{'columns': ['sender_user_id']}, {'columns': ['receiver_user_id']}]
  )
}}

{%- set measures = [
  'sender_user_id', 'receiver_user_id', 'currency', 'transfer_count', 'transfer_amount', 'transfer_amount_reporting',
  'first_transfer_at', 'last_transfer_at'
] -%}
{%- set changed_pairs -%}
  select source_user_id, destination_user_id
  from {{ ref('int_transaction_changes') }}
  where
    source_user_id is not null
    and destination_user_id is not null
    and changed_at > {{ built_until(this) if is_incremental() }}
{%- endset %}

with fresh_edges as (
  select
    source_user_id as sender_user_id,
    destination_user_id as receiver_user_id,
    currency,
    count(*) as transfer_count,
    sum(amount) as transfer_amount,
    sum(amount_reporting) as transfer_amount_reporting,
    min(created_at) as first_transfer_at,
    max(created_at) as last_transfer_at
  from {{ ref('fct_transactions') }}
  where
    transaction_type = 'transfer'
    and transaction_status = 'completed'
    and source_user_id is not null
    and destination_user_id is not null
    and not is_internal_transfer
    {% if is_incremental() %}
      and (source_user_id, destination_user_id) in ({{ changed_pairs }})
    {% endif %}
  group by source_user_id, destination_user_id, currency
),

edges as (
  select {{ measures | join(', ') }} from fresh_edges
  {% if is_incremental() %}
    union all
    select {{ measures | join(', ') }} from {{ this }}
    where (sender_user_id, receiver_user_id) not in ({{ changed_pairs }})
  {% endif %}
),

pairs as (
  select distinct
    sender_user_id,
    receiver_user_id
  from edges
),

out_degrees as (
  select
    sender_user_id as user_id,
    count(*) as degree
  from pairs
  group by sender_user_id
),

in_degrees as (
  select
    receiver_user_id as user_id,
    count(*) as degree
  from pairs
  group by receiver_user_id
)

select
  edges.sender_user_id,
  edges.receiver_user_id,
  edges.currency,
  edges.transfer_count,
  edges.transfer_amount,
  edges.transfer_amount_reporting,
  edges.first_transfer_at,
  edges.last_transfer_at,
  back.sender_user_id is not null as is_reciprocal,
  sender_out.degree as sender_out_degree,
  coalesce(sender_in.degree, 0) as sender_in_degree,
  coalesce(receiver_out.degree, 0) as receiver_out_degree,
  receiver_in.degree as receiver_in_degree,
  {{ changes_until([ref('int_transaction_changes')]) }} as changes_until
from edges
left join pairs as back
  on edges.sender_user_id = back.receiver_user_id and edges.receiver_user_id = back.sender_user_id
left join out_degrees as sender_out on edges.sender_user_id = sender_out.user_id
left join in_degrees as sender_in on edges.sender_user_id = sender_in.user_id
left join out_degrees as receiver_out on edges.receiver_user_id = receiver_out.user_id
left join in_degrees as receiver_in on edges.receiver_user_id = receiver_in.user_id
