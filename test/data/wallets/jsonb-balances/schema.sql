-- After public wallet libraries (bavix/laravel-wallet, Midaz): balances with a text ULID as key, a polymorphic owner, integer minor
-- units, lower-case assets, what else there is in jsonb; one table for persons, merchants and agents, soft deletes by a boolean.
create schema app;
set search_path = app;
create table profiles (id text primary key, kind text not null, data jsonb not null, is_deleted boolean not null default false, inserted_at timestamptz not null, updated_at timestamptz not null);
create table balances (id text primary key, owner_kind text not null, owner_id text, asset text not null, amount bigint not null default 0, state text not null default 'open', inserted_at timestamptz not null, updated_at timestamptz not null);
create table movements (
  id text primary key, from_balance_id text not null, to_balance_id text not null, value bigint not null, charge bigint not null default 0,
  status text not null, metadata jsonb not null default '{}', parent_id text, inserted_at timestamptz not null, completed_at timestamptz, updated_at timestamptz not null);
