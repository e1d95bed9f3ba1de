{#
  What the wallet stored at the end of each day, where the history of its balances has landed, is what had moved until
  then. A balance and its movement are stamped at two moments of one commit, so any balance of the minute around midnight
  will do. The newest day is not over; `reconciliation` compares now.
#}
{{ config(severity='warn') }}
{%- set query -%}
select ended.wallet_id || ' on ' || ended.balance_date as row_key
from (
  select
    wallet_id,
    balance_date,
    closing_balance,
    cast(balance_date + 1 as timestamp) at time zone '{{ var("reporting_time_zone") }}' as midnight
  from {{ ref('wallet_balances_daily') }}
  where balance_date < (select max(newest.balance_date) from {{ ref('wallet_balances_daily') }} as newest)
) as ended
where
  exists (
    select from {{ ref('wallet_balance_history') }} as stored
    where
      stored.wallet_id = ended.wallet_id
      and stored.valid_from <= ended.midnight
      and coalesce(stored.valid_to > ended.midnight, true)
  )
  and not exists (
    select from {{ ref('wallet_balance_history') }} as stored
    where
      stored.wallet_id = ended.wallet_id
      and stored.valid_from <= ended.midnight + interval '1 minute'
      and coalesce(stored.valid_to >= ended.midnight - interval '1 minute', true)
      and stored.balance = ended.closing_balance
  )
{%- endset -%}
{{ findings(
  'days of wallets that ended with another balance than their movements say',
  [ref('wallet_balances_daily'), ref('wallet_balance_history')],
  query
) }}
