-- Marts of a small wallet, made up: every table of the contracts has rows, so that every card has something to show.
-- Deterministic (setseed), and relative to current_date, as the dashboards' filters are.
set timezone = 'UTC';
select setseed(0.42);

insert into marts.dim_currencies (currency, currency_name, decimal_places, latest_rate, latest_rate_date, is_reporting_currency)
values
  ('USD', 'US dollar', 2, 1, current_date, true),
  ('PHP', 'Philippine peso', 2, 0.0175, current_date, false),
  ('VND', 'Vietnamese đồng', 0, 0.00004, current_date, false);

insert into marts.reporting_settings (reporting_currency, reporting_time_zone, amount_scale) values ('USD', 'UTC', 1);

insert into marts.dim_users (user_id, country, age_band, kyc_tier, kyc_tier_name, user_status, is_referred, signed_up_at, signup_date, signup_month)
select
  n, (array['PH', 'VN', 'SG'])[1 + n % 3], '25-34', n % 4, 'tier ' || n % 4, 'active', n % 5 = 0,
  d, d::date, date_trunc('month', d)::date
from generate_series(1, 300) as n
cross join lateral (select now() - make_interval(days => 200 - (n * 2 / 3)) as d) as days;

insert into marts.dim_merchants (merchant_id, merchant_name, merchant_category, country, city, fee_rate, merchant_status, onboarded_at, onboarded_date)
select
  n,
  case n when 1 then '</script><script>window.stolen=1</script>' when 2 then '<img src=x onerror=window.stolen=1>' else 'Shop ' || n end,
  (array['groceries', 'food', 'transport', 'telecom', 'travel'])[1 + n % 5], 'PH', 'Manila', 0.015, 'active',
  now() - interval '200 days', current_date - 200
from generate_series(1, 25) as n;

insert into marts.fct_transactions (
  transaction_id, transaction_type, transaction_status, channel, failure_reason, currency, amount, fee_amount, net_amount,
  exchange_rate, amount_reporting, fee_amount_reporting, net_amount_reporting, source_wallet_id, source_wallet_kind, source_user_id,
  destination_wallet_id, destination_wallet_kind, destination_user_id, user_id, merchant_id, merchant_category,
  is_internal_transfer, created_at, settled_at, seconds_to_settle, transaction_date, transaction_hour, hour_of_day,
  iso_day_of_week, settled_date, loaded_at, changes_until
)
select
  n, kind, outcome, (array['app', 'app', 'qr', 'web', 'agent', 'bank_transfer'])[1 + (r4 * 5.99)::int % 6],
  case when outcome = 'failed' then (array['insufficient_funds', 'bank_timeout', 'risk_blocked', 'kyc_limit_exceeded'])[1 + (r5 * r5 * 4)::int % 4] end,
  code, value, fee, case when outcome = 'completed' then value else 0 end, rate, round(value * rate, 6), round(fee * rate, 6),
  case when outcome = 'completed' then round(value * rate, 6) else 0 end,
  100 + n % 300, 'customer', 1 + n % 300, 100 + (n * 7) % 300, 'customer', 1 + (n * 7) % 300, 1 + n % 300,
  case when kind = 'payment' then 1 + n % 25 end,
  case when kind = 'payment' then (array['groceries', 'food', 'transport', 'telecom', 'travel'])[1 + (1 + n % 25) % 5] end,
  false, made, case when outcome <> 'pending' then made + make_interval(secs => wait) end, case when outcome <> 'pending' then wait end,
  made::date, date_trunc('hour', made), extract(hour from made)::int, extract(isodow from made)::int,
  case when outcome <> 'pending' then (made + make_interval(secs => wait))::date end, now(), now()
from (
  select
    *, case code when 'USD' then 1 when 'PHP' then 0.0175 else 0.00004 end::numeric as rate,
    round((r6 * r6 * 120 + 1)::numeric * case code when 'USD' then 1 when 'PHP' then 57 else 25000 end, case code when 'VND' then 0 else 2 end) as value
  from (
    select
      n, (array['payment', 'payment', 'payment', 'transfer', 'transfer', 'top_up', 'withdrawal', 'refund'])[1 + (r1 * 7.99)::int % 8] as kind,
      case when r2 < 0.93 then 'completed' when r2 < 0.99 then 'failed' else 'pending' end as outcome,
      (array['PHP', 'PHP', 'PHP', 'VND', 'USD'])[1 + (r3 * 4.99)::int % 5] as code, 2 + 40 * r5 as wait,
      now() - make_interval(days => (130 * (1 - sqrt(r7)))::int, hours => (3 * r4)::int + (12 * r5)::int % 13, mins => (60 * r1)::int) as made,
      r4, r5, r6
    from (
      select n, random() as r1, random() as r2, random() as r3, random() as r4, random() as r5, random() as r6, random() as r7
      from generate_series(1, 12000) as n
    ) as dice
  ) as drawn
) as valued
cross join lateral (select round(value * 0.01, 2) as fee) as fees;

insert into marts.daily_transaction_summary (
  transaction_date, transaction_type, transaction_status, currency, transaction_count, gross_amount, fee_amount, net_amount,
  average_amount, median_amount, p95_amount, gross_amount_reporting, fee_amount_reporting, net_amount_reporting,
  settled_transaction_count, previous_week_gross_amount, amount_change_vs_previous_week
)
select
  transaction_date, transaction_type, transaction_status, currency, count(*), sum(amount), sum(fee_amount), sum(net_amount),
  avg(amount), percentile_cont(0.5) within group (order by amount), percentile_cont(0.95) within group (order by amount),
  sum(amount_reporting), sum(fee_amount_reporting), sum(net_amount_reporting), count(*), 0, round((random() - 0.4)::numeric, 4)
from marts.fct_transactions
group by 1, 2, 3, 4;

insert into marts.daily_channel_summary (
  transaction_date, transaction_type, transaction_status, currency, channel, transaction_count, failed_count, gross_amount,
  fee_amount, net_amount, gross_amount_reporting, fee_amount_reporting, net_amount_reporting, under_1_count,
  from_1_to_5_count, from_5_to_20_count, from_20_to_100_count, from_100_to_500_count, from_500_to_2000_count, from_2000_count
)
select
  transaction_date, transaction_type, transaction_status, currency, channel, count(*),
  count(*) filter (where transaction_status = 'failed'), sum(amount), sum(fee_amount), sum(net_amount),
  sum(amount_reporting), sum(fee_amount_reporting), sum(net_amount_reporting),
  count(*) filter (where amount_reporting < 1), count(*) filter (where amount_reporting >= 1 and amount_reporting < 5),
  count(*) filter (where amount_reporting >= 5 and amount_reporting < 20),
  count(*) filter (where amount_reporting >= 20 and amount_reporting < 100),
  count(*) filter (where amount_reporting >= 100 and amount_reporting < 500),
  count(*) filter (where amount_reporting >= 500 and amount_reporting < 2000),
  count(*) filter (where amount_reporting >= 2000)
from marts.fct_transactions
group by 1, 2, 3, 4, 5;

insert into marts.hourly_transaction_summary (
  transaction_hour, transaction_date, hour_of_day, iso_day_of_week, transaction_type, transaction_status, currency,
  transaction_count, gross_amount, fee_amount, net_amount, gross_amount_reporting, changes_until
)
select
  transaction_hour, transaction_date, hour_of_day, iso_day_of_week, transaction_type, transaction_status, currency, count(*),
  sum(amount), sum(fee_amount), sum(net_amount), sum(amount_reporting), now()
from marts.fct_transactions
group by 1, 2, 3, 4, 5, 6, 7;

insert into marts.hour_of_week_heatmap (
  iso_day_of_week, day_name, hour_of_day, transaction_type, currency, transaction_count, gross_amount, gross_amount_reporting,
  days_observed, average_transaction_count
)
select
  iso_day_of_week, to_char(min(transaction_date), 'FMDay'), hour_of_day, transaction_type, currency, count(*), sum(amount),
  sum(amount_reporting), 18, count(*) / 18.0
from marts.fct_transactions
where transaction_status = 'completed'
group by iso_day_of_week, hour_of_day, transaction_type, currency;

insert into marts.failure_reasons (
  failure_date, failure_reason, transaction_type, channel, currency, failed_count, failed_amount, failed_amount_reporting,
  affected_users, attempted_count, changes_until
)
select transaction_date, failure_reason, transaction_type, channel, currency, count(*), sum(amount), sum(amount_reporting), count(distinct user_id), count(*) * 16, now()
from marts.fct_transactions
where transaction_status = 'failed'
group by 1, 2, 3, 4, 5;

insert into marts.active_users (
  activity_date, daily_active_users, weekly_active_users, monthly_active_users, daily_transacting_users,
  weekly_transacting_users, monthly_transacting_users, new_users, stickiness, transacting_share
)
select
  d::date, 60 + g, 140 + g, 210 + g, 40 + g, 100 + g, 160 + g, 2 + (random() * 4)::int, (60 + g)::numeric / (210 + g), (160 + g)::numeric / (210 + g)
from generate_series(0, 130) as n
cross join lateral (select current_date - 130 + n as d, (n * 0.5 + random() * 9)::int as g) as days;

insert into marts.user_activity_daily (
  user_id, activity_date, event_count, session_count, login_count, app_open_count, pin_failed_count, support_contact_count,
  transaction_count, is_transacting, changes_until
)
select n % 300, current_date - n % 120, 6, 2, 1 + n % 3, 2 + n % 4, (n % 11 = 0)::int, (n % 29 = 0)::int, 1, true, now()
from generate_series(1, 3000) as n;

insert into marts.retention_cohorts (cohort_month, months_since_signup, activity_month, cohort_users, active_users, transacting_users, retention_rate, transacting_rate, fee_amount_reporting, lifetime_fees_per_user, is_complete_month)
select
  c, m, (c + make_interval(months => m))::date, 80, 80 - 12 * m, 60 - 9 * m, (80 - 12 * m) / 80.0, (60 - 9 * m) / 80.0, 120, 1.5 * (m + 1), m < most
from generate_series(0, 4) as back
cross join lateral (select (date_trunc('month', current_date) - make_interval(months => back))::date as c, back as most) as cohorts
cross join lateral generate_series(0, most) as m;

insert into marts.activation_funnel (cohort_month, step_number, step_name, cohort_users, reached_users, conversion_from_signup)
select
  (date_trunc('month', current_date) - make_interval(months => back))::date, step,
  (array['signed_up', 'kyc_verified', 'first_top_up', 'first_payment', 'repeat_payment'])[step], 80, 90 - 12 * step + back, least(1, (90 - 12 * step + back) / 80.0)
from generate_series(0, 4) as back
cross join generate_series(1, 5) as step;

insert into marts.category_spend (
  transaction_date, merchant_category, currency, payment_count, gross_amount, refund_count, refund_amount, net_amount,
  gross_amount_reporting, net_amount_reporting, paying_users, merchant_count, changes_until
)
select transaction_date, merchant_category, currency, count(*), sum(amount), 0, 0, sum(amount), sum(amount_reporting), sum(amount_reporting), 1, 1, now()
from marts.fct_transactions
where transaction_type = 'payment' and transaction_status = 'completed'
group by 1, 2, 3;

insert into marts.merchant_performance (
  merchant_id, month_start, currency, merchant_name, merchant_category, country, city, payment_count, failed_payment_count,
  gross_amount, refund_count, refund_amount, net_amount, net_amount_reporting, merchant_fee_amount, paying_users, repeat_users
)
select
  merchant_id, date_trunc('month', transaction_date)::date, currency, merchant_name, dim_merchants.merchant_category, 'PH', 'Manila',
  count(*), count(*) / 20, sum(amount), 1, sum(amount) * 0.03, sum(amount) * 0.97, sum(amount_reporting) * 0.97, 0, count(distinct user_id), 1
from marts.fct_transactions
inner join marts.dim_merchants using (merchant_id)
where transaction_status = 'completed'
group by 1, 2, 3, 4, 5;

insert into marts.p2p_network (
  sender_user_id, receiver_user_id, currency, transfer_count, transfer_amount, transfer_amount_reporting, first_transfer_at,
  last_transfer_at, is_reciprocal, sender_out_degree, sender_in_degree, receiver_out_degree, receiver_in_degree
)
select source_user_id, destination_user_id, currency, count(*), sum(amount), sum(amount_reporting), min(created_at), max(created_at), source_user_id % 4 = 0, 1 + source_user_id % 40, 2, 3, 4
from marts.fct_transactions
where transaction_type = 'transfer' and transaction_status = 'completed'
group by 1, 2, 3;

insert into marts.dim_wallets (wallet_id, wallet_kind, user_id, merchant_id, currency, balance, balance_reporting, wallet_status, opened_at, opened_date)
select
  n, case when n <= 300 then 'customer' when n <= 325 then 'merchant' else 'fee' end, case when n <= 300 then n end,
  case when n between 301 and 325 then n - 300 end, code, value, value * rate, 'active', now(), current_date
from generate_series(1, 328) as n
cross join lateral (select (array['USD', 'PHP', 'VND'])[1 + n % 3] as code, (array[1, 0.0175, 0.00004])[1 + n % 3]::numeric as rate) as c
cross join lateral (select (n * 37 % 900) * case code when 'USD' then 1 when 'PHP' then 50 else 20000 end as value) as v;
insert into marts.dim_wallets (wallet_id, wallet_kind, currency, balance, balance_reporting, wallet_status, opened_at, opened_date)
select 1000 + row_number() over (order by currency), 'float', currency, -sum(balance), -sum(balance_reporting), 'active', now(), current_date
from marts.dim_wallets
group by currency;

insert into marts.wallet_balances_daily (
  wallet_id, balance_date, wallet_kind, user_id, currency, opening_balance, inflow_amount, outflow_amount, movement_count,
  closing_balance, closing_balance_reporting, is_carried_forward
)
select
  wallet_id, current_date - back, wallet_kind, user_id, currency, balance, abs(balance) * 0.04, abs(balance) * 0.03, 2,
  balance * (1 - back * 0.004), balance_reporting * (1 - back * 0.004), false
from marts.dim_wallets
cross join generate_series(0, 30) as back;

insert into marts.user_spending_patterns (
  user_id, as_of_date, country, kyc_tier, recency_days, frequency, monetary_amount_reporting, rfm_segment,
  payment_amount_reporting, transfer_amount_reporting, withdrawal_amount_reporting, app_share, qr_share, weekend_share,
  night_share, average_days_between_transactions, is_dormant
)
select
  user_id, current_date, country, kyc_tier, user_id * 7 % 60, user_id % 40, user_id * 11.25,
  (array['champions', 'loyal', 'potential_loyalist', 'new', 'at_risk', 'hibernating', 'needs_attention'])[1 + user_id * user_id % 7],
  user_id * 6, user_id * 3.25, user_id * 2, 0.5 + user_id % 5 * 0.05, 0.1, 0.2 + user_id % 3 * 0.05, 0.1, user_id % 9, user_id * 7 % 60 > 30
from marts.dim_users;

insert into marts.risk_signals (
  signal_id, signal_type, user_id, signal_date, window_start, window_end, event_count, currency, amount, amount_reporting,
  severity, score, explanation
)
select
  md5(n::text), kind, 1 + n % 60, current_date - back, now() - make_interval(days => back), now() - make_interval(days => back, mins => -20),
  4 + n % 9, case when kind <> 'pin_failed_burst' then 'USD' end, case when kind <> 'pin_failed_burst' then n * 13.75 end,
  case when kind <> 'pin_failed_burst' then n * 13.75 end, (array['low', 'medium', 'high'])[1 + n % 3], 1 + n % 7 * 0.4,
  case n when 1 then 'A name of <b onmouseover=window.stolen=1>bold</b> text & more' else 'Nine transfers within three minutes.' end
from generate_series(1, 220) as n
cross join lateral (select (array['velocity', 'structuring', 'rapid_in_out', 'pin_failed_burst'])[1 + n % 4] as kind, n % 80 as back) as k;

insert into marts.pipeline_health (
  stream, raw_row_count, staging_row_count, mart_row_count, latest_extracted_at, latest_loaded_at, seconds_since_load,
  average_load_delay_seconds, partition_count, next_offset_total, dead_letter_count, freshness_status, measured_at,
  set_aside_row_count, decided_row_count, set_aside_rules
)
select stream, n * 1000, n * 990, case when stream <> 'user_activity' then n * 990 end, now(), now(), n * 40, n * 0.7, 4, n * 1003, 0, case when n < 6 then 'fresh' else 'late' end, now(),
  case stream when 'transactions' then 2 else 0 end, 0, case stream when 'transactions' then 'amount_missing 2 (key 17)' end
from unnest(array['currencies', 'users', 'merchants', 'wallets', 'transactions', 'user_activity']) with ordinality as streams (stream, n);

insert into marts.reconciliation (check_name, subject, currency, expected_value, actual_value, difference, mismatch_count, is_reconciled, checked_at)
select check_name, 'customer', currency, 1234567.89, 1234567.89, 0, 0, true, now()
from unnest(array['balance_equals_movements', 'float_equals_liabilities', 'double_entry_sums_to_zero']) as check_name
cross join marts.dim_currencies;

insert into marts.customer_lifecycle_monthly (
  month_start, is_complete_month, active_users, new_users, retained_users, reactivated_users, churned_users, churn_rate,
  fee_amount_reporting, payment_volume_reporting, fees_per_active_user, take_rate
)
select
  (date_trunc('month', current_date) - make_interval(months => back))::date, back > 0, 100 - 10 * back, 20, 70 - 10 * back, 10, 20, 0.2,
  250, 20000, 2.5, 0.0125
from generate_series(0, 5) as back;

insert into marts.returns_monthly (
  month_start, currency, payment_count, payment_amount, payment_amount_reporting, refund_count, refund_amount, refund_amount_reporting,
  refund_rate, refund_rate_by_value, reversal_count, reversal_amount, reversal_amount_reporting, chargeback_count, chargeback_amount,
  chargeback_amount_reporting, chargeback_rate, chargeback_rate_by_value
)
select
  (date_trunc('month', current_date) - make_interval(months => back))::date, currency, 1000, 50000, 50000, 30, 900, 900, 0.03, 0.018,
  0, 0, 0, 2 + back, 80, 80, (2 + back) / 1000.0, 0.0016
from generate_series(0, 5) as back
cross join marts.dim_currencies;

insert into marts.revenue_monthly (
  month_start, currency, is_complete_month, payment_volume_amount, payment_volume_reporting, payment_fee_amount, payment_fee_reporting,
  fee_amount, fee_reporting, take_rate, cost_amount, cost_reporting, net_revenue_amount, net_revenue_reporting, net_take_rate, margin_rate
)
select
  (date_trunc('month', current_date) - make_interval(months => back))::date, currency, back > 0, 20000, 20000, 250, 250,
  300, 300, 0.0125, cost, cost, 300 - cost, 300 - cost, (300 - cost) / 20000, (300 - cost) / 300
from generate_series(0, 5) as back
cross join marts.dim_currencies
cross join lateral (select case when back > 0 then 120 + 10.0 * back end as cost) as bills;

insert into marts.targets_monthly (
  month_start, metric, target, actual, is_complete_month, elapsed_rate, attainment_rate, pace_rate, is_met
)
select
  (date_trunc('month', current_date) - make_interval(months => back))::date, metric, goal, goal * share * elapsed, back > 0, elapsed,
  share * elapsed, share, case when back > 0 then share >= 1 end
from generate_series(0, 5) as back
cross join (values ('payment_volume', 250000), ('fees', 3500), ('active_customers', 220), ('sign_ups', 45)) as goals (metric, goal)
cross join lateral (select 0.85 + 0.04 * back as share, case when back > 0 then 1 else 0.5 end as elapsed) as due;

insert into marts.top_up_to_spend (
  month_start, currency, top_up_count, spent_count, day_over_count, spent_within_day_count, spent_within_day_rate, week_over_count,
  spent_within_week_count, spent_within_week_rate, median_hours_to_spend
)
select
  (date_trunc('month', current_date) - make_interval(months => back))::date, currency, 200, 180, 190, 80 + 5 * back, (80 + 5 * back) / 190.0,
  170, 140, 140 / 170.0, 30
from generate_series(0, 5) as back
cross join marts.dim_currencies;

insert into marts.country_monthly (
  month_start, country, is_complete_month, registered_users, active_users, transacting_users, activity_rate, completed_transaction_count,
  failed_transaction_count, success_rate, spend_amount_reporting, fee_amount_reporting, fees_per_active_user
)
select
  (date_trunc('month', current_date) - make_interval(months => back))::date, country, back > 0, 100, 70, 60 - n, (60 - n) / 100.0, 900, 60,
  0.9375, 20000, 150, 150.0 / (60 - n)
from generate_series(0, 5) as back
cross join unnest(array['PH', 'VN', 'SG']) with ordinality as countries (country, n);

insert into marts.risk_rule_outcomes (
  month_start, signal_type, signal_count, flagged_users, suspended_users, charged_back_users, confirmed_users, precision_rate,
  amount_reporting, chargeback_amount_reporting
)
select
  (date_trunc('month', current_date) - make_interval(months => back))::date, rule, 30, 25, 4, 3, 5 + n, (5 + n) / 25.0, 9000, 120 * n
from generate_series(0, 5) as back
cross join unnest(array['velocity', 'structuring', 'rapid_in_out', 'pin_failed_burst']) with ordinality as rules (rule, n);

insert into marts.device_activity_daily (activity_date, device, active_users, event_count, login_count, pin_failed_count)
select current_date - back, device, 80 / n, 400 / n, 120 / n, 6
from generate_series(0, 100) as back
cross join unnest(array['android', 'ios', 'web']) with ordinality as devices (device, n);

insert into marts.settlement_ageing (age_band_number, age_band, transaction_type, currency, is_held, transaction_count, amount, amount_reporting, oldest_created_at)
select n, band, 'payment', 'USD', held, 9 - n, 120 - 20 * n, 120 - 20 * n, now() - make_interval(days => (n * n)::int)
from unnest(array['under 1 day', '1 to 2 days', '3 to 6 days', '7 to 29 days', '30 days and more']) with ordinality as bands (band, n)
cross join (values (true), (false)) as kinds (held);

insert into marts.safeguarding_daily (balance_date, currency, customer_liability, merchant_liability, liability, ledger_float, bank_balance, gap, coverage_rate, is_covered)
select current_date - back, currency, 90000, 10000, 100000, 100500, 100000 - 400 * back, -400 * back, 1 - 0.004 * back, back = 0
from generate_series(0, 3) as back
cross join marts.dim_currencies;

insert into marts.agent_liquidity_daily (balance_date, currency, agent_count, active_agent_count, float_amount, low_float_agent_count, low_float_rate, cash_in_count, cash_in_amount, refused_cash_in_count, refusal_rate, cash_out_count, cash_out_amount, rebalance_count)
select current_date - back, currency, 40, 15, 90000, 4, 0.1, 95, 1900, 5, 0.05, 60, 1200, 7
from generate_series(0, 3) as back
cross join marts.dim_currencies;

insert into marts.live_minute_volumes (minute_start, transaction_type, transaction_status, currency, transaction_count, amount, fee_amount)
select
  date_trunc('minute', now()) - make_interval(mins => back), kind, outcome, currency, 1 + back % 7, 40 * (1 + back % 7), 0.4 * (1 + back % 7)
from generate_series(0, 90) as back
cross join unnest(array['payment', 'transfer', 'top_up']) as kind
cross join unnest(array['completed', 'failed']) as outcome
cross join (select currency from marts.dim_currencies where currency <> 'VND') as c
where outcome = 'completed' or back % 5 = 0;

insert into marts.live_alerts (
  alert_id, signal_type, severity, user_id, subject, window_start, window_end, alert_date, event_count, currency, amount, explanation,
  told_channels, told_at
)
select
  kind || '-' || n, kind, (array['low', 'medium', 'high'])[1 + n % 3], 1 + n % 60, '', at - interval '10 minutes', at, at::date, 8 + n % 5,
  'USD', n * 13.75,
  case n when 1 then 'A name of <b onmouseover=window.stolen=1>bold</b> text & more' else 8 + n % 5 || ' transactions within 10 minutes' end,
  case when n % 3 = 2 then 'risk-team' end, case when n % 3 = 2 then at end
from generate_series(1, 40) as n
cross join lateral (
  select (array['velocity', 'structuring', 'rapid_in_out', 'account_takeover'])[1 + n % 4] as kind, now() - make_interval(hours => n) as at
) as k;

insert into marts.live_rule_versions (signal_type, version_number, is_enabled, least_count, least_share, set_by, reason, set_at)
values
  ('velocity', 1, true, 10, null, 'maria', 'market day in Cebu', now() - interval '2 days'),
  ('rapid_in_out', 1, false, null, null, 'maria', 'provider replaced, see ticket 812', now() - interval '1 day');

insert into marts.live_sessions (
  session_id, user_id, started_at, last_event_at, event_count, login_count, pin_failed_count, transaction_count, completed_transaction_count,
  failed_transaction_count, first_transaction_at, stage
)
select
  's-' || n, 1 + n % 60, at, at + interval '5 minutes', 4, (n % 8 > 0)::int, (n % 9 = 0)::int, (n % 8 > 2)::int, (n % 8 > 3)::int, (n % 8 = 3)::int,
  case when n % 8 > 2 then at + interval '1 minute' end,
  case when n % 8 > 3 then 'completed' when n % 8 = 3 then 'transacted' when n % 8 > 0 then 'logged_in' else 'opened' end
from generate_series(1, 240) as n
cross join lateral (select now() - make_interval(mins => 5 * n) as at) as k;

insert into marts.live_balance_checks (wallet_id, wallet_kind, user_id, currency, balance, movement_amount, difference, unchanged_since)
values
  (17, 'customer', 9, 'USD', 120.5, 110, 10.5, now() - interval '40 minutes'),
  (23, 'customer', 12, 'USD', 80, 80, 0, now() - interval '3 hours'),
  (31, 'merchant', null, 'USD', 900, 950, -50, now() - interval '2 seconds');

insert into marts.live_transaction_events (
  transaction_id, event, occurred_at, created_at, transaction_type, channel, failure_reason, currency, amount, fee_amount, source_wallet_id,
  source_wallet_kind, destination_wallet_id, destination_wallet_kind, user_id, user_country, merchant_id, merchant_category, merchant_country
)
select
  n, event, at, now() - make_interval(mins => n), 'payment', 'qr', case when event = 'failed' then 'insufficient_funds' end, 'USD', 12.5, 0.1, 17,
  'customer', 31, 'merchant', 9, 'PH', 5, 'groceries', 'PH'
from generate_series(1, 30) as n
cross join lateral (
  values ('created', now() - make_interval(mins => n)), (case when n % 6 = 0 then 'failed' else 'completed' end, now() - make_interval(mins => n, secs => -20))
) as events (event, at);
