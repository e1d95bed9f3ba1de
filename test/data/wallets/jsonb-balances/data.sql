set search_path = app;
-- Crockford's alphabet as ULIDs have it: time first, so that keys sort by it.
create function pg_temp.ulid(prefix text, n int) returns text language sql as $$ select '01' || prefix || upper(lpad(translate(to_hex(n * 7919), 'ilou', 'wxyz'), 24 - length(prefix), '0')) $$;
insert into profiles
select pg_temp.ulid('HP', g), case when g <= 10 then 'merchant' when g <= 15 then 'agent' else 'person' end,
  jsonb_build_object('name', 'Name ' || g, 'email', 'n' || g || '@example.org', 'country', 'ID', 'category', case when g <= 10 then (array['food', 'retail', 'telecom'])[1 + g % 3] end),
  g % 37 = 0, timestamptz '2025-07-01 00:00+00' + g * interval '5 hours', timestamptz '2025-07-01 00:00+00' + g * interval '5 hours'
from generate_series(1, 160) g;
insert into balances (id, owner_kind, owner_id, asset, inserted_at, updated_at)
select pg_temp.ulid('HB', row_number() over (order by id, asset)::int), case kind when 'agent' then 'system' else kind end, id, asset, inserted_at, inserted_at
from profiles cross join (values ('idr'), ('usd')) v (asset) where kind <> 'agent';
insert into balances (id, owner_kind, asset, inserted_at, updated_at)
select pg_temp.ulid('HX', row_number() over ()::int), k, a, '2025-06-01 00:00+00', '2025-06-01 00:00+00' from (values ('world'), ('fees')) x (k) cross join (values ('idr'), ('usd')) v (a);
insert into movements
select pg_temp.ulid('HM', g), case what when 'topup' then world.id else mine.id end,
  case what when 'topup' then mine.id when 'pay' then shop.id when 'send' then peer.id else world.id end,
  case mine.asset when 'idr' then 100 * (20000 + g * 137 % 90000) else 300 + g * 31 % 7000 end * case what when 'topup' then 3 else 1 end,
  case what when 'pay' then 25 else 0 end,
  status, jsonb_strip_nulls(jsonb_build_object('type', what, 'channel', case what when 'pay' then 'qr' when 'topup' then 'agent' else 'app' end, 'reason', case status when 'declined' then (array['wrong pin', 'no funds'])[1 + g % 2] end)),
  null, at, case when status <> 'created' then at + interval '2 seconds' end, at + interval '2 seconds'
from (
  select g, (array['topup', 'pay', 'send', 'pay', 'cashout'])[1 + g % 5] as what, case when g % 13 = 0 then 'declined' when g % 29 = 0 then 'created' else 'done' end as status,
    timestamptz '2025-09-01 00:00+00' + g * interval '53 minutes' as at
  from generate_series(1, 1200) g
) as drawn
join lateral (select id, asset from balances where owner_kind = 'person' order by id offset (g * 11) % 290 limit 1) as mine on true
join lateral (select id from balances where owner_kind = 'world' and asset = mine.asset) as world on true
join lateral (select id from balances where owner_kind = 'merchant' and asset = mine.asset order by id offset g % 10 limit 1) as shop on true
join lateral (select id from balances where owner_kind = 'person' and asset = mine.asset and id <> mine.id order by id offset g % 40 limit 1) as peer on true;
insert into movements (id, from_balance_id, to_balance_id, value, status, metadata, parent_id, inserted_at, completed_at, updated_at)
select id || 'R', to_balance_id, from_balance_id, value - charge, 'done', '{"type": "refund", "channel": "app"}', id, inserted_at + interval '3 hours', inserted_at + interval '3 hours 1 second', inserted_at + interval '3 hours 1 second'
from movements where metadata ->> 'type' = 'pay' and status = 'done' and inserted_at < '2025-09-20' and value % 7 = 0;
-- The merchant bears the charge: it gets so much less.
update balances b set amount = s.amount, updated_at = s.at from (
  select id, sum(amount) as amount, max(at) as at from (
    select from_balance_id as id, -value as amount, completed_at as at from movements where status = 'done'
    union all select to_balance_id, value - charge, completed_at from movements where status = 'done'
    union all select f.id, m.charge, m.completed_at from movements m join balances o on o.id = m.from_balance_id join balances f on f.owner_kind = 'fees' and f.asset = o.asset where m.status = 'done' and m.charge > 0
  ) as moved group by id
) s where s.id = b.id;
