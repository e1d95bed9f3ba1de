{{ config(indexes=[{'columns': ['merchant_id'], 'unique': true}]) }}

select
  merchant_id,
  merchant_name,
  merchant_category,
  country,
  city,
  fee_rate,
  (
    select string_agg(tag, ', ' order by tag)
    from jsonb_array_elements_text(case when jsonb_typeof(tags) = 'array' then tags else '[]' end) as tag
  ) as tags,
  merchant_status,
  onboarded_at,
  onboarded_date
from {{ ref('stg_ewallet__merchants') }}
