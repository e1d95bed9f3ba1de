{#
  Degrees of two customers stand on all their edges, so every row is given again. Between runs new transfers are added to the
  edges that are there; a pair of customers is summed up again where a transfer changed or went away.
#}
{{
  config(
    materialized='table',
    indexes=[
      {'columns': ['sender_user_id', 'receiver_user_id', 'currency'], 'unique': true},
      {'columns': ['receiver_user_id']}
    ]
  )
}}

{%- set measures = [
  'sender_user_id', 'receiver_user_id', 'currency', 'transfer_count', 'transfer_amount', 'transfer_amount_reporting',
  'first_transfer_at', 'last_transfer_at'
] -%}
{%- set changes = ref('int_transaction_changes') -%}
{%- set changed_only -%}
  {%- if continues_from_itself() %}
    -- Arrays, so that both are looked up in the fact's indexes; the sender of a transfer is its customer.
    and (
      transaction_id = any(array(select transaction_id from added))
      or (
        user_id = any(array(select source_user_id from recomputed))
        and (source_user_id, destination_user_id) in (
          select
            recomputed.source_user_id,
            recomputed.destination_user_id
          from recomputed
        )
      )
    )
  {%- endif %}
{%- endset -%}

with
{%- if continues_from_itself() %}
  {%- set since = built_until(this) %}
  {# Only what was completed counted, so a transfer that settles is as good as a new one. #}
  changed as materialized (
    select
      transaction_id,
      source_user_id,
      destination_user_id,
      bool_or(image = 'before' and transaction_status = 'completed') over (partition by transaction_id) as was_counted
    from {{ changes }}
    where
      changed_at > {{ since }}
      and transaction_type = 'transfer'
      and source_user_id is not null
      and destination_user_id is not null
  ),

  recomputed as materialized (
    select distinct
      source_user_id,
      destination_user_id
    from changed
    where was_counted
  ),

  added as materialized (
    select distinct transaction_id
    from changed
    where
      not was_counted
      and (source_user_id, destination_user_id) not in (
        select
          recomputed.source_user_id,
          recomputed.destination_user_id
        from recomputed
      )
  ),

{% endif %}
fresh_edges as (
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
    and not is_internal_transfer {{ changed_only }}
  group by source_user_id, destination_user_id, currency
),

edges as (
  {% if continues_from_itself() -%}
    select
      coalesce(known.sender_user_id, fresh.sender_user_id) as sender_user_id,
      coalesce(known.receiver_user_id, fresh.receiver_user_id) as receiver_user_id,
      coalesce(known.currency, fresh.currency) as currency,
      coalesce(known.transfer_count, 0) + coalesce(fresh.transfer_count, 0) as transfer_count,
      coalesce(known.transfer_amount, 0) + coalesce(fresh.transfer_amount, 0) as transfer_amount,
      case
        when coalesce(known.transfer_amount_reporting, fresh.transfer_amount_reporting) is not null
          then coalesce(known.transfer_amount_reporting, 0) + coalesce(fresh.transfer_amount_reporting, 0)
      end as transfer_amount_reporting,
      least(known.first_transfer_at, fresh.first_transfer_at) as first_transfer_at,
      greatest(known.last_transfer_at, fresh.last_transfer_at) as last_transfer_at
    from (
      select {{ measures | join(', ') }} from {{ this }}
      where (sender_user_id, receiver_user_id) not in (
        select
          recomputed.source_user_id,
          recomputed.destination_user_id
        from recomputed
      )
    ) as known
    full outer join fresh_edges as fresh
      on
        known.sender_user_id = fresh.sender_user_id
        and known.receiver_user_id = fresh.receiver_user_id
        and known.currency = fresh.currency
  {%- else -%}
    select * from fresh_edges
  {%- endif %}
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
  {{ read_until() }} as changes_until
from edges
left join pairs as back
  on edges.sender_user_id = back.receiver_user_id and edges.receiver_user_id = back.sender_user_id
left join out_degrees as sender_out on edges.sender_user_id = sender_out.user_id
left join in_degrees as sender_in on edges.sender_user_id = sender_in.user_id
left join out_degrees as receiver_out on edges.receiver_user_id = receiver_out.user_id
left join in_degrees as receiver_in on edges.receiver_user_id = receiver_in.user_id
