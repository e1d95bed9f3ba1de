import type { LiveRule, LiveThreshold } from '../config/live-rules';
import type { SignalName } from '../config/signal-names';
import { MICROS_PER_MINUTE } from '../inputs/time';
import { ruledQuery, severityOf, type Signal } from './signal';

export interface Burst {
  readonly name: SignalName;
  readonly count: LiveThreshold;
  readonly minutes: number;
  /** Query of (event_id, customer_id, subject, occurred_at, currency, amount); only events of one subject fill a window together. */
  readonly events: string;
  /** What comes after the number of events in the explanation. */
  readonly words: string;
  readonly correctionDays: number;
}

/**
 * An alert for each event that is the n-th or a further one within so many minutes of its customer and subject: those
 * are the ends of the bursts that dbt's risk_signals merges. Each event is joined with those before it, so an event that
 * comes late, changes or goes away corrects what came after it; no watermark decides that it is too late. The join is by
 * stretches of the window's length, the event's own and the one before, so that a customer's long history costs nothing.
 */
export function burstSignal(burst: Burst): Signal {
  const { name, count, minutes } = burst;
  const window = minutes * MICROS_PER_MINUTE;
  const events = `${name}_events`;
  const near = `${name}_near`;
  const columns = 'event_id, customer_id, subject, occurred_at, currency, amount';
  const stretch = (ahead: number): string =>
    `SELECT ${columns}, occurred_at / ${window} + ${ahead} AS stretch FROM ${events}`;
  const ttl = `${burst.correctionDays}d`;
  return {
    name,
    views: [
      `CREATE TEMPORARY VIEW ${events} AS\n${burst.events};`,
      `CREATE TEMPORARY VIEW ${near} AS\n${stretch(0)}\nUNION ALL\n${stretch(1)};`,
    ],
    query: ruledQuery({
      name,
      rule: { count, share: undefined } satisfies LiveRule,
      condition: 'transactions >= least_count',
      severity: severityOf('CAST(transactions AS DECIMAL(20, 4)) / least_count'),
      ttl,
      candidates: `SELECT CONCAT('${name}-', CAST(event_id AS STRING)) AS alert_id, customer_id, subject, occurred_at - ${window} AS window_start,
  occurred_at AS window_end, events AS transactions, amount, currency, CONCAT(CAST(events AS STRING), '${burst.words.replaceAll("'", "''")}') AS explanation
FROM (
  SELECT /*+ STATE_TTL('e' = '${ttl}', 'p' = '${ttl}') */
    e.event_id, e.customer_id, e.subject, e.occurred_at, e.currency, COUNT(*) AS events,
    SUM(CASE WHEN e.currency = p.currency THEN p.amount END) AS amount
  FROM (SELECT ${columns}, occurred_at / ${window} AS stretch FROM ${events}) AS e
  JOIN ${near} AS p ON e.customer_id = p.customer_id AND e.subject = p.subject AND e.stretch = p.stretch
    AND p.occurred_at >= e.occurred_at - ${window}
    AND (p.occurred_at < e.occurred_at OR (p.occurred_at = e.occurred_at AND p.event_id <= e.event_id))
  GROUP BY e.event_id, e.customer_id, e.subject, e.occurred_at, e.currency
  HAVING COUNT(*) >= ${count.least}
)`,
    }),
  };
}
