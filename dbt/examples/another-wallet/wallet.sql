-- A wallet unlike the one that the default mapping knows. Keys are uuid, amounts whole minor units of currencies that
-- go by their ISO number, timestamps are Jakarta's wall clock without a zone. A transfer has neither type nor status:
-- what it is follows from its two sides, how it went from its steps.
create table currency (
  number char(3) primary key,
  title text not null,
  digits smallint not null
);

create table holder (
  id uuid primary key,
  display_name text not null,
  mail text not null,
  msisdn text not null,
  nation char(2) not null,
  born date,
  level text not null, -- L0, L1, L2
  verified_on timestamp,
  state char(1) not null, -- A active, B barred
  invited_by uuid references holder (id),
  joined timestamp not null,
  modified timestamp not null
);

create table shop (
  id uuid primary key,
  label text not null,
  mcc text not null, -- ISO 18245 merchant category code
  nation char(2) not null,
  town text not null,
  commission_bps integer not null,
  keywords text not null, -- comma separated
  state char(1) not null,
  joined timestamp not null,
  modified timestamp not null
);

create table purse (
  id uuid primary key,
  owner_kind char(1) not null, -- H holder, S shop, O outside world, F fees
  owner_id uuid,
  currency char(3) not null references currency (number),
  minor_units bigint not null,
  is_closed boolean not null default false,
  opened timestamp not null,
  modified timestamp not null
);

create table transfer (
  id uuid primary key,
  from_purse uuid not null references purse (id),
  to_purse uuid not null references purse (id),
  currency char(3) not null references currency (number),
  minor_units bigint not null,
  fee_minor_units bigint not null default 0,
  via text not null,
  gives_back uuid references transfer (id),
  made_at timestamp not null
);

create table transfer_step (
  transfer_id uuid not null references transfer (id),
  step smallint not null,
  state text not null, -- NEW, HELD, CAPTURED, REJECTED, EXPIRED
  reason text,
  entered_at timestamp not null,
  primary key (transfer_id, step)
);

create table sign_in (
  id uuid primary key,
  holder_id uuid not null references holder (id),
  what text not null,
  device text not null,
  happened_at timestamp not null
);
