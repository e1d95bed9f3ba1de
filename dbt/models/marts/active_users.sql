{#
  True distinct counts without a join of every day with the 30 before it: a day of activity makes its customer active until
  the window ends or the next active day takes over. Each such stretch adds one at its start and takes one away after its
  end; the running sum over the calendar is the number of distinct customers.
#}
{%- set windows = [('daily', 1), ('weekly', 7), ('monthly', 30)] -%}
with active_days as (
  select
    activity_date,
    lead(activity_date) over (partition by user_id order by activity_date) as next_date
  from {{ ref('user_activity_daily') }}
),

transacting_days as (
  select
    activity_date,
    lead(activity_date) over (partition by user_id order by activity_date) as next_date
  from {{ ref('user_activity_daily') }}
  where is_transacting
),

{# A stretch ends with the longest window at the latest: few different ones remain for the rest to count. #}
stretches as (
  {%- for kind in ['active', 'transacting'] %}
    select
      '{{ kind }}' as kind,
      activity_date,
      least(next_date, activity_date + {{ windows[-1][1] }}) as next_date,
      count(*) as user_count
    from {{ kind }}_days
    group by activity_date, least(next_date, activity_date + {{ windows[-1][1] }})
    {%- if not loop.last %}
      union all
    {%- endif %}
  {%- endfor %}
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
