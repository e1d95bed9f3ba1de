-- After Fineract: an entry names one account of a customer, its type number says which way (1 deposit, 2 withdrawal, 4 and 7 charges),
-- and there is no account of the bank's side. A reversed entry keeps its row with a flag. Dates are business days without a zone, the
-- record's time is apart. Currency is the account's.
create schema savings;
set search_path = savings;
create table clients (id bigserial primary key, display_name text not null, mobile_no text, email_address text, country_code char(2) not null, status_enum int not null, submitted_on_date date not null, created_date timestamp not null);
create table savings_accounts (id bigserial primary key, client_id bigint not null references clients, currency_code text not null, account_balance numeric(19, 6) not null default 0, status_enum int not null, created_date timestamp not null);
create table savings_account_transactions (
  id bigserial primary key, savings_account_id bigint not null references savings_accounts, transaction_type_enum int not null, amount numeric(19, 6) not null,
  is_reversed boolean not null default false, transaction_date date not null, created_date timestamp not null);
