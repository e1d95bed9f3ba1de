-- What payments cost, beside the wallet's tables: bills and statements of banks, card schemes, agents and insurers, one
-- row per line of a bill, in main units. Whatever reads them writes them here; a later report of the same reference
-- counts. marts.revenue_monthly takes them from the fees.
create table if not exists raw.payment_costs (
  reference text not null,
  cost_date date not null,
  currency text not null,
  kind text not null, -- funding, interchange, agent_commission, incentive, loss: as you like to tell them apart
  amount numeric not null,
  reported_at timestamptz not null default now()
);
