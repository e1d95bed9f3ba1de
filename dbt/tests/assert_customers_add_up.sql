{# Growth accounting: who is active was so the month before, is new or came back; and nobody leaves twice. #}
with compared as (
  select
    month_start,
    active_users,
    new_users,
    retained_users,
    reactivated_users,
    churned_users,
    coalesce(lag(active_users) over (order by month_start), 0) as active_users_before
  from {{ ref('customer_lifecycle_monthly') }}
)

select *
from compared
where
  active_users != active_users_before + new_users + reactivated_users - churned_users
  or active_users != new_users + retained_users + reactivated_users
