create schema core;
set search_path = core;
create table ccy (code char(3) primary key, label text not null, exponent smallint not null);
create table fail_code (code smallint primary key, meaning text not null);
create table party (
  id uuid primary key default gen_random_uuid(), party_type smallint not null, -- 1 consumer, 2 business
  legal_name text, email text, msisdn text, dob date, country_iso3 char(3) not null, kyc_level smallint not null, kyc_at timestamptz,
  state smallint not null, -- 1 live, 2 blocked, 9 closed
  created_ts timestamptz not null, updated_ts timestamptz not null, deleted_at timestamptz);
create table merchant_profile (party_id uuid primary key references party, brand text not null, mcc char(4) not null, town text, mdr_bps int not null, updated_ts timestamptz not null);
create table account (
  id uuid primary key default gen_random_uuid(), party_id uuid references party, class smallint not null, -- 1 consumer 2 merchant 3 bank settlement 4 revenue
  ccy char(3) not null references ccy, balance_minor bigint not null default 0, state smallint not null, opened_ts timestamptz not null, updated_ts timestamptz not null, deleted_at timestamptz);
create table payment_order (
  id uuid primary key default gen_random_uuid(), kind smallint not null, -- 10 cash in, 20 p2p, 30 purchase, 40 cash out, 50 reversal
  state smallint not null, -- 0 created 1 authorised 2 settled 8 expired 9 failed
  ccy char(3) not null references ccy, amount_minor bigint not null, fee_minor bigint not null default 0, fee_bearer char(1) not null, -- P payer, R receiver
  payer_account uuid not null references account, payee_account uuid not null references account,
  channel smallint not null, fail_code smallint references fail_code, original_order uuid references payment_order,
  created_ts timestamptz not null, settled_ts timestamptz, updated_ts timestamptz not null, deleted_at timestamptz);
create table ledger_entry (id bigserial primary key, order_id uuid not null references payment_order, account_id uuid not null references account, direction char(1) not null, amount_minor bigint not null, posted_ts timestamptz not null);
create table device_session (id uuid primary key default gen_random_uuid(), party_id uuid not null references party, action smallint not null, device_model text, ip inet, at timestamptz not null);

insert into ccy values ('KES','Kenyan shilling',2),('UGX','Ugandan shilling',0),('TZS','Tanzanian shilling',2);
insert into fail_code values (51,'insufficient funds'),(54,'pin locked'),(61,'limit exceeded'),(91,'issuer unavailable');
select setseed(0.4);
insert into party (party_type,legal_name,email,msisdn,dob,country_iso3,kyc_level,kyc_at,state,created_ts,updated_ts,deleted_at)
select case when g<=60 then 2 else 1 end,'Person '||g,'p'||g||'@x.test','+2547'||lpad(g::text,8,'0'),date '1970-01-01'+(random()*12000)::int,
 (array['KEN','UGA','TZA'])[1+g%3],(random()*3)::int,case when random()<.7 then c+interval '1 hour' end,case when random()<.96 then 1 else 2 end,c,c,
 case when g>60 and random()<.02 then c+interval '20 days' end
from (select g, timestamptz '2025-11-27 12:00+00' - random()*interval '170 days' as c from generate_series(1,2000) g) s;
update party set created_ts=created_ts-interval '60 days', updated_ts=created_ts where party_type=2;
insert into merchant_profile select id,'Duka '||row_number() over (),(array['5411','5812','4900','4111','5912'])[1+(random()*3.99)::int],(array['Nairobi','Kampala','Dodoma'])[1+(random()*1.99)::int],80+(random()*120)::int,created_ts from party where party_type=2;
insert into account (party_id,class,ccy,state,opened_ts,updated_ts,deleted_at) select id,party_type,case country_iso3 when 'KEN' then 'KES' when 'UGA' then 'UGX' else 'TZS' end,1,created_ts,created_ts,deleted_at from party;
insert into account (class,ccy,state,opened_ts,updated_ts) select c,code,1,'2025-01-01','2025-01-01' from ccy, (values (3::smallint),(4::smallint)) v(c);
