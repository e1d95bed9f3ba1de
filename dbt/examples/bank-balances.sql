-- Balances of the safeguarded bank accounts, beside the wallet's tables: one row per account, currency and day, in main
-- units. Whatever reads the bank's statements (a CSV, MT940, camt.053) writes them here; a later report of the same day
-- counts. marts.safeguarding_daily compares them with what customers and merchants are owed.
create table if not exists raw.bank_balances (
  account text not null,
  currency text not null,
  balance_date date not null,
  balance numeric not null,
  reported_at timestamptz not null default now()
);
