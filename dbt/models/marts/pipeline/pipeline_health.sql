with mart_counts as (
  select
    'currencies' as stream,
    count(*) as row_count
  from {{ ref('dim_currencies') }}
  union all
  select
    'users' as stream,
    count(*) as row_count
  from {{ ref('dim_users') }}
  union all
  select
    'merchants' as stream,
    count(*) as row_count
  from {{ ref('dim_merchants') }}
  union all
  select
    'wallets' as stream,
    count(*) as row_count
  from {{ ref('dim_wallets') }}
  union all
  select
    'transactions' as stream,
    count(*) as row_count
  from {{ ref('fct_transactions') }}
),

offsets as (
  select
    stream,
    count(*) as partition_count,
    cast(sum(next_offset) as bigint) as next_offset_total,
    max(updated_at) as offsets_updated_at
  from {{ ref('stg_sink__offsets') }}
  group by stream
),

dead_letters as (
  select
    stream,
    count(*) as dead_letter_count,
    max(failed_at) as latest_dead_letter_at
  from {{ ref('stg_sink__dead_letters') }}
  group by stream
),

audits as (
  select
    stream,
    max(finished_at) as latest_audit_at,
    max(finished_at) filter (where is_equal and is_complete) as latest_proof_at,
    (array_agg(finding_count order by finished_at desc))[1] as latest_audit_finding_count
  from {{ ref('stg_sink__audits') }}
  group by stream
),

set_aside as (
  select
    stream,
    cast(sum(row_count) filter (where decision = 'set aside') as bigint) as set_aside_row_count,
    cast(sum(row_count) filter (where decision != 'set aside') as bigint) as decided_row_count,
    string_agg(rule || ' ' || row_count || ' (key ' || example_key || ')', ', ' order by rule) as set_aside_rules
  from (
    select
      stream,
      rule,
      decision,
      count(*) as row_count,
      min(row_key) as example_key
    from {{ ref('stg_ewallet__set_aside') }}
    group by stream, rule, decision
  ) as rules
  group by stream
),

aged as (
  select
    loads.*,
    cast(extract(epoch from now() - loads.latest_loaded_at) as numeric(20, 3)) as seconds_since_load
  from {{ ref('stg_ewallet__loads') }} as loads
)

select
  aged.stream,
  aged.raw_row_count,
  aged.present_row_count as staging_row_count,
  mart_counts.row_count as mart_row_count,
  coalesce(set_aside.set_aside_row_count, 0) as set_aside_row_count,
  coalesce(set_aside.decided_row_count, 0) as decided_row_count,
  set_aside.set_aside_rules,
  aged.latest_extracted_at,
  aged.latest_loaded_at,
  aged.seconds_since_load,
  aged.average_load_delay_seconds,
  offsets.partition_count,
  offsets.next_offset_total,
  offsets.offsets_updated_at,
  coalesce(dead_letters.dead_letter_count, 0) as dead_letter_count,
  dead_letters.latest_dead_letter_at,
  audits.latest_audit_at,
  audits.latest_audit_finding_count,
  audits.latest_proof_at,
  case
    when aged.seconds_since_load <= {{ var('freshness_late_minutes') }} * 60 then 'fresh'
    when aged.seconds_since_load <= {{ var('freshness_stale_minutes') }} * 60 then 'late'
    else 'stale'
  end as freshness_status,
  now() as measured_at
from aged
left join mart_counts on aged.stream = mart_counts.stream
left join set_aside on aged.stream = set_aside.stream
left join offsets on aged.stream = offsets.stream
left join dead_letters on aged.stream = dead_letters.stream
left join audits on aged.stream = audits.stream
