{#
  How soon what a customer puts in is used: from when a top-up was there to the wallet's next spending. Of top-ups of the last days
  nobody can say yet whether they are used within a day or a week, so those shares leave them out.
#}
with moves as (
  select
    transaction_date,
    currency,
    destination_wallet_id as wallet_id,
    coalesce(settled_at, created_at) as moved_at,
    true as is_top_up
  from {{ ref('fct_transactions') }}
  where
    transaction_type = 'top_up'
    and transaction_status = 'completed'
    and destination_wallet_kind = 'customer'
  union all
  select
    transaction_date,
    currency,
    source_wallet_id as wallet_id,
    created_at as moved_at,
    false as is_top_up
  from {{ ref('fct_transactions') }}
  where
    {{ is_spending() }}
    and transaction_type <> 'refund'
    and transaction_status = 'completed'
    and source_wallet_kind = 'customer'
),

followed as (
  select
    *,
    -- Backwards, so that the frame only grows: one that shrinks is counted again for every row.
    min(moved_at) filter (where not is_top_up) over (partition by wallet_id order by moved_at desc) as spent_at
  from moves
),

top_ups as (
  select
    cast(date_trunc('month', followed.transaction_date) as date) as month_start,
    followed.currency,
    cast(extract(epoch from followed.spent_at - followed.moved_at) as numeric) / 3600 as hours_to_spend,
    -- The last day may not be over.
    followed.transaction_date + 1 < bounds.last_date as is_day_over,
    followed.transaction_date + 7 < bounds.last_date as is_week_over
  from followed
  cross join {{ ref('int_date_bounds') }} as bounds
  where followed.is_top_up
),

counted as (
  select
    month_start,
    currency,
    count(*) as top_up_count,
    count(hours_to_spend) as spent_count,
    count(*) filter (where is_day_over) as day_over_count,
    count(*) filter (where is_day_over and hours_to_spend <= 24) as spent_within_day_count,
    count(*) filter (where is_week_over) as week_over_count,
    count(*) filter (where is_week_over and hours_to_spend <= 168) as spent_within_week_count,
    array_agg(hours_to_spend order by hours_to_spend) filter (where hours_to_spend is not null) as ordered_hours
  from top_ups
  group by month_start, currency
)

select
  month_start,
  currency,
  top_up_count,
  spent_count,
  day_over_count,
  spent_within_day_count,
  {{ ratio('spent_within_day_count', 'day_over_count') }} as spent_within_day_rate,
  week_over_count,
  spent_within_week_count,
  {{ ratio('spent_within_week_count', 'week_over_count') }} as spent_within_week_rate,
  cast({{ exact_percentile('ordered_hours', 0.5) }} as numeric(20, 6)) as median_hours_to_spend
from counted
