-- After public ledger designs (pgledger, Modern Treasury): accounts, transfers between two of them, signed entries with the balance
-- after each. Bigint keys, amounts in main units, the currency on the account, wall clocks of Manila without a zone.
create schema ledger;
set search_path = ledger;
create table customers (id bigserial primary key, full_name text, email text, mobile text, country char(2) not null, status text not null, created_at timestamp not null, updated_at timestamp not null);
create table merchants (id bigserial primary key, trading_name text not null, category text not null, city text, country char(2), status text not null, created_at timestamp not null, updated_at timestamp not null);
create table accounts (
  id bigserial primary key, type text not null, customer_id bigint references customers, merchant_id bigint references merchants,
  currency text not null, balance numeric(20, 2) not null default 0, is_frozen boolean not null default false, created_at timestamp not null, updated_at timestamp not null);
create table transfers (
  id bigserial primary key, kind text not null, state text not null, from_account_id bigint not null references accounts, to_account_id bigint not null references accounts,
  amount numeric(20, 2) not null, fee numeric(20, 2) not null default 0, channel text not null, failure_reason text, reverses_id bigint references transfers,
  created_at timestamp not null, posted_at timestamp, updated_at timestamp not null);
create table entries (id bigserial primary key, transfer_id bigint not null references transfers, account_id bigint not null references accounts, amount numeric(20, 2) not null, created_at timestamp not null);
