/** Kinds of alerts. The first four have dbt's names: risk_signals finds the same in batches. */
export const SIGNALS = [
  'velocity',
  'structuring',
  'pin_failed_burst',
  'rapid_in_out',
  'account_takeover',
  'dormant_account_wakes',
  'first_large_cash_out',
  'failure_rate_spike',
] as const;
export type SignalName = (typeof SIGNALS)[number];

/** Not computed as an alert: `deliver` tells of a balance check that differs for too long, as only a clock can say. */
export const BALANCE_MISMATCH = 'balance_mismatch';
export type AlertName = SignalName | typeof BALANCE_MISMATCH;
