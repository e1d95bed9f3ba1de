-- What the business has set out to reach, beside the wallet's tables: one row per month and metric. Of two rows the one
-- that was set later counts. marts.targets_monthly compares them with what was reached.
create table if not exists raw.targets (
  month_start date not null,
  metric text not null, -- payment_volume, fees (reporting currency); active_customers, new_customers, sign_ups
  target numeric not null,
  set_at timestamptz not null default now()
);
