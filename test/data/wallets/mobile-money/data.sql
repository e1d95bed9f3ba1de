set search_path = core; select setseed(0.7);
create temp table cust as select a.id, a.ccy, a.opened_ts, row_number() over (partition by a.ccy order by random()) n, count(*) over (partition by a.ccy) total from account a where class=1;
create temp table merch as select a.id, a.ccy, m.mdr_bps, row_number() over (partition by a.ccy) n, count(*) over (partition by a.ccy) total from account a join merchant_profile m on m.party_id=a.party_id where class=2;
create index on cust(ccy,n); create index on merch(ccy,n);
create temp table draw as
 select g, c.id cid, c.ccy, greatest(c.opened_ts+interval '2 hours', timestamptz '2025-11-27 12:00+00' - random()*interval '120 days') ts, random() r, exp(6+1.1*(random()+random()+random()-1.5)*2)::bigint base, random() r2, random() r3, random() r4, (random()*1e9)::bigint k
 from generate_series(1,3000) g join lateral (select (array['KES','UGX','TZS'])[1+g%3] ccy) y on true join cust c on c.ccy=y.ccy and c.n=1+((g*7919)%c.total);
insert into payment_order (kind,state,ccy,amount_minor,fee_minor,fee_bearer,payer_account,payee_account,channel,fail_code,created_ts,settled_ts,updated_ts)
select d.kind,d.state,d.ccy,d.amt,case kind when 30 then amt*coalesce(m.mdr_bps,100)/10000 when 40 then amt/100 else 0 end,case kind when 30 then 'R' else 'P' end,
 case when kind=10 then bank.id else cid end, case kind when 10 then cid when 20 then o.id when 30 then m.id else bank.id end, case kind when 30 then 1 when 20 then 2 else 3 end,
 case when d.state=9 then (array[51,54,61,91])[1+(r3*2.99)::int] end, ts, case when d.state in (2,9) then ts+r4*interval '3 minutes' end, ts+interval '3 minutes'
from (select *, case when r<.3 then 10 when r<.5 then 20 when r<.88 then 30 else 40 end kind, case when r2<.94 then 2 when r2<.98 then 9 when r2<.99 then 8 else 1 end state, base*(case ccy when 'UGX' then 30 else 100 end) * (case when r<.3 then 4 else 1 end) amt from draw) d
join account bank on bank.class=3 and bank.ccy=d.ccy
join merch m on m.ccy=d.ccy and m.n=1+(d.k % m.total)
join cust o on o.ccy=d.ccy and o.n=1+((d.k*31) % o.total) and (d.kind<>20 or o.id<>d.cid);
insert into payment_order (kind,state,ccy,amount_minor,fee_bearer,payer_account,payee_account,channel,original_order,created_ts,settled_ts,updated_ts)
select 50,2,ccy,amount_minor-fee_minor,'P',payee_account,payer_account,1,id,created_ts+interval '2 days',created_ts+interval '2 days 1 minute',created_ts+interval '2 days 1 minute' from payment_order where kind=30 and state=2 and created_ts<'2025-11-24' and random()<.02;
insert into ledger_entry (order_id,account_id,direction,amount_minor,posted_ts)
select id,payer_account,'D',amount_minor+case when fee_bearer='P' then fee_minor else 0 end,settled_ts from payment_order where state=2
union all select id,payee_account,'C',amount_minor-case when fee_bearer='R' then fee_minor else 0 end,settled_ts from payment_order where state=2
union all select p.id,a.id,'C',fee_minor,settled_ts from payment_order p join account a on a.class=4 and a.ccy=p.ccy where p.state=2 and fee_minor>0;
update account a set balance_minor=s.b, updated_ts=greatest(a.updated_ts,s.t) from (select account_id, sum(case direction when 'C' then amount_minor else -amount_minor end) b, max(posted_ts) t from ledger_entry group by 1) s where s.account_id=a.id;
insert into device_session (party_id,action,device_model,ip,at) select a.party_id,(array[1,2,1,2,2,7])[1+(random()*4.99)::int],(array['Tecno','iPhone','Itel'])[1+(random()*1.99)::int],'10.0.0.1',d.ts-interval '1 minute' from draw d join account a on a.id=d.cid where random()<.6;
-- Support takes failed orders that were made by mistake out of sight.
update payment_order set deleted_at=updated_ts+interval '1 day' where state=9 and mod(extract(epoch from created_ts)::bigint,7)=0;
