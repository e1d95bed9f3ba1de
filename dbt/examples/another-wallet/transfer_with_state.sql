-- One row per transfer, with the state that its last step left it in. Child rows are the one difference that no
-- expression for a column can bridge, so the mapping reads this view in place of the table.
create view transfer_with_state as
with latest as (
  select distinct on (transfer_id)
    transfer_id,
    state,
    reason,
    entered_at
  from transfer_step
  order by transfer_id asc, step desc
)

select
  transfer.*,
  coalesce(latest.state, 'NEW') as state,
  latest.reason,
  case when latest.state in ('CAPTURED', 'REJECTED', 'EXPIRED') then latest.entered_at end as settled_at,
  greatest(transfer.made_at, latest.entered_at) as modified
from transfer
left join latest on transfer.id = latest.transfer_id;
