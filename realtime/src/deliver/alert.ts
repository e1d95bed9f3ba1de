import { Failure } from '@ewallet/failure';
import { SEVERITIES, type Severity } from '../config/delivery';
import { SIGNALS, type AlertName } from '../config/signal-names';
import { columnsOf } from './record-columns';

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
  const { needed, optional } = columnsOf(record, 'An alert');
  const signal = SIGNALS.find((known) => known === optional('signal'));
  const severity = SEVERITIES.find((known) => known === optional('severity'));
  if (signal === undefined || severity === undefined) {
    throw Failure.system(`An alert has no known "${signal === undefined ? 'signal' : 'severity'}".`);
  }
  return {
    id: needed('alert_id'),
    signal,
    severity,
    customer: optional('customer_id'),
    subject: optional('subject'),
    windowStart: Number(needed('window_start')) / 1_000,
    windowEnd: Number(needed('window_end')) / 1_000,
    transactions: needed('transactions'),
    amount: optional('amount'),
    currency: optional('currency'),
    explanation: needed('explanation'),
  };
}
