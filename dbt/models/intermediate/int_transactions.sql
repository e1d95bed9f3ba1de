{# Every transaction with its two sides, its customer and merchant, signed amounts and the rate of its day. #}
with transactions as (
  select
    stg.*,
    {{ local_date('stg.created_at') }} as transaction_date,
    {{ local_date('stg.settled_at') }} as settled_date
  from {{ ref('stg_ewallet__transactions') }} as stg
),

sided as (
  select
    transactions.*,
    payer.wallet_kind as source_wallet_kind,
    payer.user_id as source_user_id,
    receiver.wallet_kind as destination_wallet_kind,
    receiver.user_id as destination_user_id,
    coalesce(receiver.merchant_id, payer.merchant_id) as merchant_id,
    coalesce(receiver.merchant_category, payer.merchant_category) as merchant_category,
    -- A wallet without types says by its two sides what a transaction is.
    coalesce(
      transactions.transaction_type,
      case
        when payer.wallet_kind = 'float' then 'top_up'
        when receiver.wallet_kind = 'float' then 'withdrawal'
        when receiver.wallet_kind = 'merchant' then 'payment'
        when payer.wallet_kind = 'merchant' then 'refund'
        when payer.wallet_kind = 'customer' and receiver.wallet_kind = 'customer' then 'transfer'
        else 'unmapped'
      end
    ) as canonical_type
  from transactions
  left join {{ ref('int_wallet_owners') }} as payer
    on transactions.source_wallet_id = payer.wallet_id
  left join {{ ref('int_wallet_owners') }} as receiver
    on transactions.destination_wallet_id = receiver.wallet_id
),

signed as (
  select
    sided.*,
    case
      when transaction_status != 'completed' then 0
      when canonical_type = 'refund' then -amount
      else amount
    end as net_amount,
    case
      when canonical_type in ('top_up', 'refund') then coalesce(destination_user_id, source_user_id)
      else coalesce(source_user_id, destination_user_id)
    end as user_id
  from sided
)

select
  signed.transaction_id,
  signed.canonical_type as transaction_type,
  -- By its sides a refund where the wallet has no types; it says then no more than that.
  case when signed.canonical_type = 'refund' then coalesce(signed.return_kind, 'refund') end as return_kind,
  signed.transaction_status,
  signed.is_held,
  signed.channel,
  signed.failure_reason,
  signed.currency,
  signed.amount,
  signed.fee_amount,
  signed.destination_fee_amount,
  cast(signed.net_amount as {{ var('money_type') }}) as net_amount,
  rates.exchange_rate,
  -- Rounded a row, so that sums over any grouping agree with each other.
  cast(signed.amount * rates.exchange_rate as numeric(38, 6)) as amount_reporting,
  cast(signed.fee_amount * rates.exchange_rate as numeric(38, 6)) as fee_amount_reporting,
  cast(signed.net_amount * rates.exchange_rate as numeric(38, 6)) as net_amount_reporting,
  signed.source_wallet_id,
  signed.source_wallet_kind,
  signed.source_user_id,
  signed.destination_wallet_id,
  signed.destination_wallet_kind,
  signed.destination_user_id,
  signed.user_id,
  signed.merchant_id,
  signed.merchant_category,
  signed.refund_of_transaction_id,
  coalesce(signed.source_user_id = signed.destination_user_id, false) as is_internal_transfer,
  signed.created_at,
  signed.settled_at,
  cast(extract(epoch from signed.settled_at - signed.created_at) as numeric(20, 6)) as seconds_to_settle,
  signed.transaction_date,
  {{ local_hour_start('signed.created_at') }} as transaction_hour,
  cast(extract(hour from {{ local_time('signed.created_at') }}) as integer) as hour_of_day,
  cast(extract(isodow from signed.transaction_date) as integer) as iso_day_of_week,
  signed.settled_date,
  signed.loaded_at
from signed
left join {{ ref('int_exchange_rates_daily') }} as rates
  on signed.currency = rates.currency and signed.transaction_date = rates.rate_date
