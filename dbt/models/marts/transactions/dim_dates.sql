with days as (
  select cast(generate_series(first_date, last_date, interval '1 day') as date) as date_day
  from {{ ref('int_date_bounds') }}
)

select
  date_day,
  cast(extract(year from date_day) as integer) as year,
  cast(extract(quarter from date_day) as integer) as quarter,
  cast(extract(month from date_day) as integer) as month,
  to_char(date_day, 'FMMonth') as month_name,
  cast(date_trunc('month', date_day) as date) as month_start,
  cast(date_trunc('week', date_day) as date) as week_start,
  cast(extract(isoyear from date_day) as integer) as iso_year,
  cast(extract(week from date_day) as integer) as iso_week,
  cast(extract(isodow from date_day) as integer) as iso_day_of_week,
  to_char(date_day, 'FMDay') as day_name,
  cast(extract(day from date_day) as integer) as day_of_month,
  cast(extract(doy from date_day) as integer) as day_of_year,
  extract(isodow from date_day) >= 6 as is_weekend,
  date_day = cast(date_trunc('month', date_day) + interval '1 month' as date) - 1 as is_month_end
from days
