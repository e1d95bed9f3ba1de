set search_path = core;
insert into identities select 'idt_' || g, case when g > 90 then 'organization' else 'individual' end, case when g > 90 then 'food' end, 'Name ' || g, 'n' || g || '@example.com', '+23480' || lpad(g::text, 8, '0'), 'NGA',
  timestamp '2025-06-01' + g * interval '5 hours' from generate_series(1, 100) g;
insert into balances select 'bln_' || g, 'idt_' || g, case when g > 90 then 'merchant' else 'customer' end, 'NGN', 0, timestamp '2025-06-01' + g * interval '5 hours' from generate_series(1, 100) g;
insert into balances values ('bln_world', null, 'world', 'NGN', 0, '2025-06-01'), ('bln_fees', null, 'fees', 'NGN', 0, '2025-06-01');
-- What is wanted of each: who, how much, how it ends.
create temporary table wanted as
select g, 'txn_' || lpad(g::text, 5, '0') as id,
  case g % 4 when 0 then 'bln_world' else 'bln_' || (1 + g * 7 % 90) end as source,
  case g % 4 when 0 then 'bln_' || (1 + g * 7 % 90) when 1 then 'bln_' || (91 + g % 10) when 2 then 'bln_' || (1 + g * 11 % 90) else 'bln_world' end as destination,
  (array['deposit', 'purchase', 'send', 'payout'])[1 + g % 4] as kind,
  case when g % 4 = 0 then 900000 else 1000 + g * 37 % 9000 end as kobo,
  case when g % 3 = 0 then 10000 else 100 end as precision,
  case when g % 13 = 0 then 'VOID' when g % 29 = 0 then 'INFLIGHT' else 'APPLIED' end as ends, g % 17 = 0 as in_parts,
  timestamp '2025-09-01 00:05' + g * interval '53 minutes' as at
from generate_series(1, 900) g;
delete from wanted where source = destination;
insert into transactions select id, null, source, destination, kobo * (precision / 100), precision, 'NGN', 'INFLIGHT', kind, 'app', at from wanted;
insert into transactions select id || 'a', id, source, destination, (case when in_parts and ends = 'APPLIED' then kobo / 2 else kobo end) * (precision / 100), precision, 'NGN', ends, kind, 'app', at + interval '30 seconds' from wanted where ends <> 'INFLIGHT';
insert into transactions select id || 'b', id, source, destination, kobo / 4 * (precision / 100), precision, 'NGN', ends, kind, 'app', at + interval '30 seconds' from wanted where ends = 'APPLIED' and in_parts;
update balances b set balance = s.amount from (
  select wallet, sum(amount) as amount from (
    select source as wallet, -precise_amount::numeric / precision as amount from transactions where status = 'APPLIED'
    union all select destination, precise_amount::numeric / precision from transactions where status = 'APPLIED') m group by 1
) s where s.wallet = b.balance_id;
