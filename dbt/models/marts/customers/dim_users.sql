{{ config(indexes=[{'columns': ['user_id'], 'unique': true}]) }}

with aged as (
  select
    users.*,
    extract(year from age(bounds.last_date, users.date_of_birth)) as age_years
  from {{ ref('stg_ewallet__users') }} as users
  cross join {{ ref('int_date_bounds') }} as bounds
)

select
  user_id,
  {{ hashed('lower(email)') }} as email_hash,
  {{ hashed("regexp_replace(phone, '[^0-9]', '', 'g')") }} as phone_hash,
  country,
  case
    when age_years is null then 'unknown'
    when age_years < 18 then 'under 18'
    when age_years < 25 then '18-24'
    when age_years < 35 then '25-34'
    when age_years < 45 then '35-44'
    when age_years < 55 then '45-54'
    else '55+'
  end as age_band,
  kyc_tier,
  case kyc_tier
    when 0 then 'none'
    when 1 then 'basic'
    when 2 then 'verified'
    when 3 then 'enhanced'
    else 'unmapped'
  end as kyc_tier_name,
  kyc_verified_at,
  user_status,
  referred_by_user_id,
  referred_by_user_id is not null as is_referred,
  signed_up_at,
  signup_date,
  cast(date_trunc('month', signup_date) as date) as signup_month
from aged
