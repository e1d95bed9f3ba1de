{#
  True distinct counts without a join of every day with the 30 before it: a day of activity makes its customer active until
  the window ends or the next active day takes over. Each such stretch adds one at its start and takes one away after its
  end; the running sum over the calendar is the number of distinct customers.
#}
{%- set windows = [('daily', 1), ('weekly', 7), ('monthly', 30)] -%}
{#- All days in one sort in memory: 182 MB for the 2.7 million of five million transactions; beyond that on disk. -#}
{{ config(pre_hook="set local work_mem = '256MB'") }}
with days as (
  select
    activity_date,
    is_transacting,
    lag(activity_date) over later as next_date,
    min(activity_date) filter (where is_transacting) over (
      later rows between unbounded preceding and 1 preceding
    ) as next_transacting_date
  from {{ ref('user_activity_daily') }}
  window later as (partition by user_id order by activity_date desc)
),

{# A stretch ends with the longest window at the latest: few different ones remain for the rest to count. #}
day_stretches as (
  select
    activity_date,
    is_transacting,
    least(next_date, activity_date + {{ windows[-1][1] }}) as next_date,
    least(next_transacting_date, activity_date + {{ windows[-1][1] }}) as next_transacting_date,
    count(*) as user_count
  from days
  group by
    activity_date,
    is_transacting,
    least(next_date, activity_date + {{ windows[-1][1] }}),
    least(next_transacting_date, activity_date + {{ windows[-1][1] }})
),

stretches as (
  select
    'active' as kind,
    activity_date,
    next_date,
    user_count
  from day_stretches
  union all
  select
    'transacting' as kind,
    activity_date,
    next_transacting_date as next_date,
    user_count
  from day_stretches
  where is_transacting
),

steps as (
  {%- for name, days in windows %}
    select
      '{{ name }}_' || kind as measure,
      activity_date as step_date,
      user_count as step
    from stretches
    union all
    select
      '{{ name }}_' || kind as measure,
      least(activity_date + {{ days }}, next_date) as step_date,
      -user_count as step
    from stretches
    {%- if not loop.last %}
      union all
    {%- endif %}
  {%- endfor %}
),

daily_steps as (
  select
    step_date
    {%- for kind in ['active', 'transacting'] %}
      {%- for name, days in windows %}
        ,
        sum(step) filter (where measure = '{{ name }}_{{ kind }}') as {{ name }}_{{ kind }}
      {%- endfor %}
    {%- endfor %}
  from steps
  group by step_date
),

signups as (
  select
    signup_date,
    count(*) as new_users
  from {{ ref('dim_users') }}
  group by signup_date
),

counted as (
  select
    dates.date_day as activity_date
    {%- for kind in ['active', 'transacting'] %}
      {%- for name, days in windows %}
        ,
        cast(coalesce(sum(daily_steps.{{ name }}_{{ kind }}) over (order by dates.date_day), 0) as bigint)
          as {{ name }}_{{ kind }}_users
      {%- endfor %}
    {%- endfor %},
    coalesce(signups.new_users, 0) as new_users
  from {{ ref('dim_dates') }} as dates
  left join daily_steps on dates.date_day = daily_steps.step_date
  left join signups on dates.date_day = signups.signup_date
)

select
  activity_date,
  daily_active_users,
  weekly_active_users,
  monthly_active_users,
  daily_transacting_users,
  weekly_transacting_users,
  monthly_transacting_users,
  new_users,
  {{ ratio('daily_active_users', 'monthly_active_users') }} as stickiness,
  {{ ratio('monthly_transacting_users', 'monthly_active_users') }} as transacting_share
from counted
