{#
  The wallet keeps a merchant's present fee rate only, so every run notes the rates that are new to it. The first one noted holds
  for all time before. A full refresh keeps the notes: nothing else has them.
#}
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

{% if is_incremental() -%}
  with noted as (
    select distinct on (merchant_id)
      merchant_id,
      fee_rate,
      valid_from
    from {{ this }}
    order by merchant_id asc, recorded_at desc
  )

  select
    merchants.merchant_id,
    merchants.fee_rate,
    case
      when noted.merchant_id is null then date '-infinity'
      else greatest(noted.valid_from, {{ local_date('merchants.loaded_at') }})
    end as valid_from,
    -- Later than every note before, though the warehouse's clock was set back: the newest one holds.
    greatest(now(), (select max(recorded_at) from {{ this }}) + interval '1 microsecond') as recorded_at
  from {{ ref('stg_ewallet__merchants') }} as merchants
  left join noted on merchants.merchant_id = noted.merchant_id
  where noted.merchant_id is null or merchants.fee_rate is distinct from noted.fee_rate
{%- else -%}
  select
    merchant_id,
    fee_rate,
    date '-infinity' as valid_from,
    now() as recorded_at
  from {{ ref('stg_ewallet__merchants') }}
{%- endif %}
