{#
  Bursts are found with a lag: if the n-th event before this one lies within the window, n+1 events do. Bursts that overlap
  are one signal.

  Between runs, a customer's signals are found again from a day on: one window before the first day that changed, or the start
  of the signal that reaches there, as a change may lengthen, split or join it. Money that came in stands by itself, so it is looked
  at again on the days that a change may concern; wrong PINs from the first day with changed events on. All other signals are
  taken from the mart as it is. Without nested loops, as the planner takes the few customers for fewer still and would compare
  each outflow with each inflow.
#}
{{
  config(
    materialized='incremental',
    incremental_strategy='replace_all',
    on_schema_change='append_new_columns',
    pre_hook='set local enable_nestloop = off',
    indexes=[{'columns': ['signal_date']}, {'columns': ['user_id']}]
  )
}}

{%- set log = ref('int_transaction_changes') -%}
{%- set logs = [log, ref('int_activity_days')] -%}
{#- Days that a window may reach back. -#}
{%- set reach = ([var('risk_velocity_minutes'), var('risk_structuring_minutes'), var('risk_in_out_minutes')] | max + 1439) // 1440 -%}
{%- set columns = [
  'signal_id', 'signal_type', 'user_id', 'signal_date', 'window_start', 'window_end', 'event_count', 'currency', 'amount',
  'amount_reporting', 'severity', 'score', 'explanation'
] -%}
{#- Most changes are of these days, which an index by date finds; earlier ones are looked up by customer. -#}
{%- set recent -%}
  {%- if is_incremental() -%}
    {{ literal_date("select coalesce(max(transaction_date), '-infinity') - 7 from " ~ log) }}
  {%- endif -%}
{%- endset -%}
{#- First day from which on wrong PINs are looked at again: with a signal that reaches there, where that began. -#}
{%- set pin_reach = (var('risk_pin_minutes') + 1439) // 1440 -%}
{%- set pins_from -%}
  {%- if is_incremental() -%}
    {%- set first_changed -%}
      select coalesce(min(activity_date) - {{ pin_reach }}, 'infinity') from ({{ changed_keys(this, [ref('int_activity_days')], 'activity_date') }}) as changed
    {%- endset -%}
    {%- set changed_from = literal_date(first_changed) -%}
    {{ literal_date(
      "select least(" ~ changed_from ~ ", min(signal_date)) from " ~ this
      ~ " where signal_type = 'pin_failed_burst' and " ~ local_date('window_end') ~ " >= " ~ changed_from
    ) }}
  {%- endif -%}
{%- endset -%}
{#- Days of changed movements, from as many days before as a window may reach back, or to as many after. -#}
{%- if is_incremental() -%}
  {%- set moved -%}
    select settled_date + days.days
    from {{ log }}
    cross join generate_series(%d, %d) as days (days)
    where changed_at > {{ built_until(this) }}
  {%- endset -%}
  {%- set inflow_dates = literals(moved | format(-reach, 0)) -%}
  {%- set outflow_dates = literals(moved | format(-reach, reach)) -%}
{%- endif -%}
{%- set pins_again -%}
  {%- if is_incremental() %}
    {%- set condition = 'activity_date >= ' ~ pins_from ~ ' - ' ~ pin_reach %} and {{ condition }} and {{ landed_with_days(condition) }}
  {%- endif -%}
{%- endset -%}
{%- set transactions = 'own_transactions' if is_incremental() else ref('fct_transactions') -%}
{%- set found_again -%}
  (signal_type = 'pin_failed_burst' and signal_date >= {{ pins_from }})
    or (
      signal_type = 'rapid_in_out'
      and (found.user_id, signal_date) in (select moved_days.user_id, moved_days.inflow_date from moved_days)
    )
    or (signal_type in ('velocity', 'structuring') and coalesce(starts.from_date <= found.signal_date, false))
{%- endset %}

with
{%- if is_incremental() %}
  {%- set since = built_until(this) %}
  changed_users as (
    select
      user_id,
      min(transaction_date) - {{ reach }} as from_date
    from {{ log }}
    where changed_at > {{ since }} and user_id is not null
    group by user_id
  ),

  starts as materialized (
    select
      changed_users.user_id,
      least(changed_users.from_date, min(reaching.signal_date)) as from_date
    from changed_users
    left join {{ this }} as reaching
      on
        changed_users.user_id = reaching.user_id
        and {{ local_date('reaching.window_end') }} >= changed_users.from_date
    group by changed_users.user_id, changed_users.from_date
  ),

  own_transactions as materialized (
    {%- for compared in ['>=', '<'] %}
      select
        transactions.user_id,
        transactions.transaction_id,
        transactions.transaction_type,
        transactions.transaction_status,
        transactions.currency,
        transactions.amount,
        transactions.amount_reporting,
        transactions.created_at,
        transactions.transaction_date
      from {{ ref('fct_transactions') }} as transactions
      inner join starts
        on
          transactions.user_id = starts.user_id
          and transactions.transaction_date >= starts.from_date - {{ reach }}
      where
        transactions.transaction_date {{ compared }} {{ recent }}
        {%- if compared == '<' %}
          and transactions.user_id = any(array(
            select early.user_id from starts as early
            where early.from_date - {{ reach }} < {{ recent }}
          ))
        {%- else %}
          union all
        {%- endif %}
    {%- endfor %}
  ),

  {# Days of a customer on which money that came in may have left with a changed transaction. #}
  moved_days as materialized (
    select distinct
      moved.user_id,
      moved.settled_date - days.days_before as inflow_date
    from (
      {%- for role in ['source_user_id', 'destination_user_id'] %}
        select
          {{ role }} as user_id,
          settled_date
        from {{ log }}
        where changed_at > {{ since }} and {{ role }} is not null and settled_date is not null
        {%- if not loop.last %}
          union all
        {%- endif %}
      {%- endfor %}
    ) as moved
    cross join generate_series(0, {{ reach }}) as days (days_before)
  ),
{% endif %}
events as (
  {{ events_in_windows(
    'velocity', transactions, 'created_at', 'transaction_id', "transaction_status in ('completed', 'failed')",
    count=var('risk_velocity_count'), minutes=var('risk_velocity_minutes')
  ) | indent(2) }}
  union all
  {{ events_in_windows(
    'structuring', transactions, 'created_at', 'transaction_id', is_just_below_threshold(),
    count=var('risk_structuring_count'), minutes=var('risk_structuring_minutes'), subject='currency'
  ) | indent(2) }}
  union all
  {{ events_in_windows(
    'pin_failed_burst', ref('stg_ewallet__user_activity'), 'occurred_at', 'activity_id', "event = 'pin_failed'" ~ pins_again,
    count=var('risk_pin_failures'), minutes=var('risk_pin_minutes')
  ) | indent(2) }}
),

burst_ends as (
  select
    *,
    coalesce(
      burst_start > max(occurred_at) over (
        partition by signal_type, user_id, subject order by occurred_at
        rows between unbounded preceding and 1 preceding
      ),
      true
    ) as opens_burst
  from events
  where occurred_at - burst_start <= burst_length
),

numbered as (
  select
    *,
    sum(cast(opens_burst as integer)) over (
      partition by signal_type, user_id, subject order by occurred_at rows unbounded preceding
    ) as burst_number
  from burst_ends
),

bursts as (
  select
    signal_type,
    user_id,
    subject,
    min(burst_start) as window_start,
    max(occurred_at) as window_end,
    -- The first end closes a full window, each further one adds an event.
    max(threshold) + count(*) - 1 as event_count,
    max(threshold) as threshold
  from numbered
  group by signal_type, user_id, subject, burst_number
),

amounts as (
  select
    user_id,
    created_at,
    currency,
    amount,
    amount_reporting,
    transaction_status in ('completed', 'failed') as is_attempt,
    {{ is_just_below_threshold() | indent(4) }} as is_just_below
  from {{ transactions }}
),

burst_amounts as (
  select
    bursts.signal_type,
    bursts.user_id,
    bursts.subject,
    bursts.window_start,
    sum(amounts.amount_reporting) as amount_reporting,
    case when min(amounts.currency) = max(amounts.currency) then min(amounts.currency) end as currency,
    case when min(amounts.currency) = max(amounts.currency) then sum(amounts.amount) end as amount
  from bursts
  inner join amounts
    on
      bursts.user_id = amounts.user_id
      and amounts.created_at between bursts.window_start and bursts.window_end
      and (
        (bursts.signal_type = 'velocity' and amounts.is_attempt)
        or (bursts.signal_type = 'structuring' and amounts.is_just_below and bursts.subject = amounts.currency)
      )
  group by bursts.signal_type, bursts.user_id, bursts.subject, bursts.window_start
),

{# Half-hour style buckets turn the search for what left soon after into a hash join. #}
inflows as (
  select
    transaction_id,
    destination_user_id as user_id,
    destination_wallet_id as wallet_id,
    currency,
    amount,
    amount_reporting,
    settled_at,
    {{ time_bucket('settled_at', var('risk_in_out_minutes')) }} as bucket
  from {{ ref('fct_transactions') }}
  where
    transaction_status = 'completed'
    and transaction_type in ('top_up', 'transfer')
    and destination_user_id is not null
    and not is_internal_transfer
    and {{ in_out_amount() | indent(4) }} >= {{ in_out_least() | indent(4) }}
    {% if is_incremental() %}
      and settled_date in ({{ inflow_dates }})
      and (destination_user_id, settled_date) in (select user_id, inflow_date from moved_days)
    {% endif %}
),

outflows as (
  select
    source_wallet_id as wallet_id,
    amount + fee_amount as amount,
    settled_at,
    {{ time_bucket('settled_at', var('risk_in_out_minutes')) }} as bucket
  from {{ ref('fct_transactions') }}
  where
    transaction_status = 'completed'
    and transaction_type in ('transfer', 'withdrawal')
    and source_user_id is not null
    and not is_internal_transfer
    {% if is_incremental() %}
      and settled_date in ({{ outflow_dates }})
      and source_user_id in (select user_id from moved_days)
    {% endif %}
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
      and inflows.settled_at + interval '{{ var("risk_in_out_minutes") }} minutes' >= outflows.settled_at
  group by
    inflows.transaction_id, inflows.user_id, inflows.currency, inflows.amount, inflows.amount_reporting,
    inflows.settled_at
  having sum(outflows.amount) >= inflows.amount * {{ var('risk_in_out_share') }}
),

signals as (
  select
    bursts.signal_type,
    bursts.user_id,
    bursts.subject,
    bursts.window_start,
    bursts.window_end,
    bursts.event_count,
    burst_amounts.currency,
    burst_amounts.amount,
    burst_amounts.amount_reporting,
    cast(bursts.event_count as numeric) / bursts.threshold as score,
    case bursts.signal_type
      when 'velocity' then bursts.event_count || ' transactions in quick succession'
      when 'structuring'
        then
          bursts.event_count || ' amounts just below the threshold of ' || {{ structuring_threshold('burst_amounts.currency') }} || ' '
          || {{ structuring_currency('burst_amounts.currency') }} || ', {{ var("risk_structuring_count") }} or more within '
          || '{{ var("risk_structuring_minutes") // 60 }} hours'
      else bursts.event_count || ' failed PIN entries in quick succession'
    end as explanation
  from bursts
  left join burst_amounts
    on
      bursts.signal_type = burst_amounts.signal_type
      and bursts.user_id = burst_amounts.user_id
      and bursts.subject = burst_amounts.subject
      and bursts.window_start = burst_amounts.window_start
  union all
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
    * greatest(1, log(10, {{ in_out_amount() | indent(4) }} / {{ in_out_least() | indent(4) }})) as score,
    least(100, round(100 * amount_out / amount)) || '% of what came in left again within {{ var("risk_in_out_minutes") }} minutes'
      as explanation
  from in_out
),

identified as (
  select
    md5(concat_ws('|', signal_type, user_id, subject, extract(epoch from window_start))) as signal_id,
    signal_type,
    user_id,
    {{ local_date('window_start') }} as signal_date,
    window_start,
    window_end,
    event_count,
    currency,
    amount,
    amount_reporting,
    case when score >= 2 then 'high' when score >= 1.5 then 'medium' else 'low' end as severity,
    score,
    explanation
  from signals
)

{%- set selected = 'found.' ~ columns | join(',\n    found.') -%}
select
  {{ selected }},
  {{ changes_until(logs) }} as changes_until
from identified as found
{% if is_incremental() %}
  left join starts on found.user_id = starts.user_id
  where
    {{ found_again }}
  union all
  select
    {{ selected }},
    {{ changes_until(logs) }} as changes_until
  from {{ this }} as found
  left join starts on found.user_id = starts.user_id
  where not (
    {{ found_again }}
  )
{% endif %}
