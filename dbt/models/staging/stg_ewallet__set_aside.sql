{#
  Rows that break a rule (macros/plausibility.sql), by key: `set aside` is in no mart but this one's, `read as zero` and
  `date ignored` are in the marts with that value decided.
#}
{%- set transaction_key = wallet_key('transactions', 'id', 'id') -%}
{%- set amount = in_major_units(wallet_column('transactions', 'amount', 'amount')) -%}
{%- set fee = in_major_units(wallet_column('transactions', 'fee', 'fee')) -%}
{%- set currency = 'cast(' ~ wallet_column('transactions', 'currency', 'currency') ~ ' as text)' -%}
{%- set balance = in_major_units(wallet_column('wallets', 'balance', 'balance')) -%}
{%- set wallet_currency = 'cast(' ~ wallet_column('wallets', 'currency', 'currency') ~ ' as text)' -%}
with transactions as (
  select
    'transactions' as stream,
    cast({{ transaction_key }} as text) as row_key,
    {{ transaction_fault() }} as fault,
    {{ amount_in_limits(fee) }} is null as is_fee_missing,
    coalesce(currency_map.to_currency, 'unmapped') as currency,
    {{ money_or_null(amount) }} as amount,
    {{ wallet_loaded_at('transactions', 'updated_at') }} as loaded_at
  from {{ latest_rows('transactions', 'id', 'updated_at') }}
  left join {{ ref('currency_map') }} as currency_map
    on currency_map.from_currency = {{ currency }}
),

events as (
  select
    'user_activity' as stream,
    cast({{ wallet_key('user_activity', 'id', 'id') }} as text) as row_key,
    {{ activity_fault() }} as fault,
    {{ wallet_loaded_at('user_activity', 'occurred_at') }} as loaded_at
  from {{ latest_rows('user_activity', 'id', 'occurred_at') }}
),

{%- for table in ['users', 'wallets', 'merchants'] %}
  dated_{{ table }} as (
    select
      '{{ table }}' as stream,
      cast({{ wallet_key(table, 'id', 'id') }} as text) as row_key,
      {{ plausible_time(table, 'created_at') }} is null as is_date_ignored,
      {{ wallet_loaded_at(table, 'updated_at') }} as loaded_at
    from {{ latest_rows(table, 'id', 'updated_at') }}
  ),
{% endfor %}
balances as (
  select
    'wallets' as stream,
    cast({{ wallet_key('wallets', 'id', 'id') }} as text) as row_key,
    coalesce(currency_map.to_currency, 'unmapped') as currency,
    {{ amount_in_limits(balance) }} is null as is_balance_missing,
    {{ wallet_loaded_at('wallets', 'updated_at') }} as loaded_at
  from {{ latest_rows('wallets', 'id', 'updated_at') }}
  left join {{ ref('currency_map') }} as currency_map
    on currency_map.from_currency = {{ wallet_currency }}
)

select
  stream,
  row_key,
  fault as rule,
  'set aside' as decision,
  currency,
  amount,
  loaded_at
from transactions
where fault is not null
union all
select
  stream,
  row_key,
  'fee_missing' as rule,
  'read as zero' as decision,
  currency,
  cast(null as {{ var('money_type') }}) as amount,
  loaded_at
from transactions
where fault is null and is_fee_missing
union all
select
  stream,
  row_key,
  fault as rule,
  'set aside' as decision,
  cast(null as text) as currency,
  cast(null as {{ var('money_type') }}) as amount,
  loaded_at
from events
where fault is not null
union all
select
  stream,
  row_key,
  'balance_missing' as rule,
  'read as zero' as decision,
  currency,
  cast(null as {{ var('money_type') }}) as amount,
  loaded_at
from balances
where is_balance_missing
{%- for table in ['users', 'wallets', 'merchants'] %}
  union all
  select
    stream,
    row_key,
    'created_at_implausible' as rule,
    'date ignored' as decision,
    cast(null as text) as currency,
    cast(null as {{ var('money_type') }}) as amount,
    loaded_at
  from dated_{{ table }}
  where is_date_ignored
{%- endfor %}
