-- After Blnk: identities, balances, transactions of which each state is a new row that names the first one as its parent; scale per
-- row (precision), customers and merchants in one table, what is held is applied later, maybe in two parts, or voided.
create schema core;
set search_path = core;
create table identities (identity_id text primary key, identity_type text not null, category text, full_name text not null, email_address text, phone_number text, country text not null, created_at timestamp not null);
create table balances (balance_id text primary key, identity_id text references identities, indicator text not null, currency text not null, balance numeric not null default 0, created_at timestamp not null);
create table transactions (
  transaction_id text primary key, parent_transaction text references transactions, source text not null references balances, destination text not null references balances,
  precise_amount bigint not null, precision int not null, currency text not null, status text not null, kind text not null, channel text not null, created_at timestamp not null);
