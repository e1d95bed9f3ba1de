-- The same view over the tables that sink-warehouse lands from Kafka, beside them in schema raw. A step arrives without
-- its transfer, so a row is as new as the later of the two: that is what an incremental run goes by.
create view transfer_with_state as
with latest as (
  select distinct on (transfer_id)
    transfer_id,
    state,
    reason,
    entered_at,
    _loaded_at,
    _airbyte_extracted_at
  from transfer_step
  order by transfer_id asc, step desc
)

select
  transfer.id,
  transfer.from_purse,
  transfer.to_purse,
  transfer.currency,
  transfer.minor_units,
  transfer.fee_minor_units,
  transfer.via,
  transfer.gives_back,
  transfer.made_at,
  coalesce(latest.state, 'NEW') as state,
  latest.reason,
  case when latest.state in ('CAPTURED', 'REJECTED', 'EXPIRED') then latest.entered_at end as settled_at,
  greatest(transfer._loaded_at, latest._loaded_at) as _loaded_at,
  greatest(transfer._airbyte_extracted_at, latest._airbyte_extracted_at) as _airbyte_extracted_at,
  transfer._kafka_offset
from transfer
left join latest on transfer.id = latest.transfer_id;
