import { Failure, isObject } from '@ewallet/failure';
import { SEVERITIES, type Severity } from '../config/delivery';
import { SIGNALS, type AlertName } from '../config/signal-names';

/** An alert as people read it; times in milliseconds since 1970. */
export interface Alert {
  readonly id: string;
  readonly signal: AlertName;
  readonly severity: Severity;
  readonly customer: string | undefined;
  readonly subject: string | undefined;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly transactions: string;
  /** Exact, in `currency`. */
  readonly amount: string | undefined;
  readonly currency: string | undefined;
  readonly explanation: string;
}

/**
 * A decoded record of the topic `alerts`.
 *
 * @throws Failure system_error naming the column that is missing or of another kind
 */
export function parseAlert(record: unknown): Alert {
  if (!isObject(record)) throw Failure.system('An alert is not a record.');
  const text = (column: string): string => {
    const value = optional(column);
    if (value === undefined) throw Failure.system(`An alert has no "${column}".`);
    return value;
  };
  const optional = (column: string): string | undefined => {
    const value = record[column];
    if (typeof value === 'string') return value === '' ? undefined : value;
    return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
  };
  const signal = SIGNALS.find((known) => known === record.signal);
  const severity = SEVERITIES.find((known) => known === record.severity);
  if (signal === undefined || severity === undefined) {
    throw Failure.system(`An alert has no known "${signal === undefined ? 'signal' : 'severity'}".`);
  }
  return {
    id: text('alert_id'),
    signal,
    severity,
    customer: optional('customer_id'),
    subject: optional('subject'),
    windowStart: Number(text('window_start')) / 1_000,
    windowEnd: Number(text('window_end')) / 1_000,
    transactions: text('transactions'),
    amount: optional('amount'),
    currency: optional('currency'),
    explanation: text('explanation'),
  };
}
