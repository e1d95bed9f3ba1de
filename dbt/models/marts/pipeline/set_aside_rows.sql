{# What a person looks up: of each rule its first thousand rows, and how many there are. #}
with counted as (
  select
    stream,
    rule,
    decision,
    row_key,
    currency,
    amount,
    loaded_at,
    count(*) over (partition by stream, rule) as rows_of_rule,
    row_number() over (partition by stream, rule order by loaded_at desc nulls last, row_key asc) as place
  from {{ ref('stg_ewallet__set_aside') }}
)

select
  stream,
  rule,
  decision,
  row_key,
  currency,
  amount,
  loaded_at,
  rows_of_rule
from counted
where place <= 1000
