{# The states that each transaction went through, as the wallet tells: pending from its start, then how it settled. #}
select
  transaction_id,
  'pending' as transaction_status,
  created_at as entered_at,
  settled_at as left_at,
  cast(extract(epoch from settled_at - created_at) as numeric(20, 6)) as seconds_in_status
from {{ ref('stg_ewallet__transactions') }}
union all
select
  transaction_id,
  transaction_status,
  settled_at as entered_at,
  cast(null as timestamp with time zone) as left_at,
  cast(null as numeric(20, 6)) as seconds_in_status
from {{ ref('stg_ewallet__transactions') }}
where settled_at is not null and transaction_status != 'pending'
