set search_path = ledger;
insert into customers (full_name, email, mobile, country, status, created_at, updated_at)
select 'Customer ' || g, 'c' || g || '@example.com', '+63917' || lpad(g::text, 7, '0'), 'PH', case when g % 20 = 0 then 'suspended' else 'active' end,
  timestamp '2025-06-01 08:00' + g * interval '3 hours', timestamp '2025-06-01 08:00' + g * interval '3 hours'
from generate_series(1, 200) g;
insert into merchants (trading_name, category, city, country, status, created_at, updated_at)
select 'Shop ' || g, (array['groceries', 'food', 'transport', 'health'])[1 + g % 4], 'Manila', 'PH', 'active', '2025-05-01 09:00', '2025-05-01 09:00'
from generate_series(1, 12) g;
insert into accounts (type, customer_id, currency, created_at, updated_at)
select 'customer', id, case when id % 5 = 0 then 'USD' else 'PHP' end, created_at, created_at from customers;
insert into accounts (type, merchant_id, currency, created_at, updated_at)
select 'merchant', id, c, created_at, created_at from merchants cross join (values ('PHP'), ('USD')) v (c);
insert into accounts (type, currency, created_at, updated_at)
select t, c, '2025-05-01', '2025-05-01' from (values ('settlement'), ('revenue')) k (t) cross join (values ('PHP'), ('USD')) v (c);
-- Each customer tops up, pays, sends, withdraws in turn.
insert into transfers (kind, state, from_account_id, to_account_id, amount, fee, channel, failure_reason, created_at, posted_at, updated_at)
select kind, state, case kind when 'deposit' then bank.id else mine.id end,
  case kind when 'deposit' then mine.id when 'purchase' then shop.id when 'send' then peer.id else bank.id end,
  case kind when 'deposit' then 500 + g % 400 else 20 + (g * 7 % 9000) / 100.0 end,
  case kind when 'send' then 1.5 when 'payout' then 5 else 0 end,
  case kind when 'purchase' then 'qr' when 'send' then 'app' else 'bank_transfer' end,
  case when state = 'failed' then (array['limit exceeded', 'insufficient funds'])[1 + g % 2] end,
  at, case when state <> 'pending' then at + interval '40 seconds' end, at + interval '40 seconds'
from (
  select g, (array['deposit', 'purchase', 'send', 'purchase', 'payout'])[1 + g % 5] as kind,
    case when g % 17 = 0 then 'failed' when g % 41 = 0 then 'pending' else 'posted' end as state,
    timestamp '2025-09-01 00:10' + g * interval '47 minutes' as at
  from generate_series(1, 1500) g
) as drawn
join lateral (select id, currency from accounts where type = 'customer' order by id offset (g * 13) % 200 limit 1) as mine on true
join lateral (select id from accounts where type = 'settlement' and currency = mine.currency) as bank on true
join lateral (select id from accounts where type = 'merchant' and currency = mine.currency order by id offset g % 12 limit 1) as shop on true
join lateral (select id from accounts where type = 'customer' and currency = mine.currency and id <> mine.id order by id offset g % 30 limit 1) as peer on true;
insert into transfers (kind, state, from_account_id, to_account_id, amount, channel, reverses_id, created_at, posted_at, updated_at)
select 'reversal', 'posted', to_account_id, from_account_id, round(amount / 2, 2), 'app', id, created_at + interval '1 day', created_at + interval '1 day 5 seconds', created_at + interval '1 day 5 seconds'
from transfers where kind = 'purchase' and state = 'posted' and id % 19 = 0;
insert into entries (transfer_id, account_id, amount, created_at)
select id, from_account_id, -amount - fee, posted_at from transfers where state = 'posted'
union all select id, to_account_id, amount, posted_at from transfers where state = 'posted'
union all select t.id, r.id, t.fee, t.posted_at from transfers t join accounts a on a.id = t.from_account_id join accounts r on r.type = 'revenue' and r.currency = a.currency where t.state = 'posted' and t.fee > 0;
update accounts a set balance = s.amount, updated_at = s.at from (select account_id, sum(amount) as amount, max(created_at) as at from entries group by 1) s where s.account_id = a.id;
