import type { LiveRule } from '../config/live-rules';
import type { SignalName } from '../config/signal-names';

/** A kind of alert: the views it needs, and the query whose rows are the alerts. */
export interface Signal {
  readonly name: SignalName;
  readonly views: readonly string[];
  /** Columns in the order of the product `alerts`. */
  readonly query: string;
}

/** dbt's grades: how far above its threshold a signal is. */
export function severityOf(score: string): string {
  return `CASE WHEN ${score} >= 2 THEN 'high' WHEN ${score} >= 1.5 THEN 'medium' ELSE 'low' END`;
}

/** A value by currency; null for a currency without one. */
export function byCurrency(column: string, amounts: ReadonlyMap<string, number>): string {
  if (amounts.size === 0) return 'CAST(NULL AS DECIMAL(38, 9))';
  const cases = [...amounts].map(
    ([currency, amount]) => `WHEN '${currency.replaceAll("'", "''")}' THEN ${plain(amount)}`,
  );
  return `CASE ${column} ${cases.join(' ')} END`;
}

/** A number without an exponent, as exact SQL numbers are written. */
export function plain(amount: number): string {
  return `CAST(${amount.toFixed(9).replace(/\.?0+$/, '')} AS DECIMAL(38, 9))`;
}

export interface Ruled {
  readonly name: SignalName;
  readonly rule: LiveRule;
  /**
   * What may be an alert, down to the least thresholds that can be set. Columns: alert_id, customer_id, subject, window_start,
   * window_end, transactions, amount, currency, explanation, and those that the two conditions below use.
   */
  readonly candidates: string;
  /** Which candidate is an alert; may use least_count and least_share. */
  readonly condition: string;
  /** Its severity; may use them too. */
  readonly severity: string;
  /** How long candidates are kept; undefined: without end. */
  readonly ttl: string | undefined;
}

/**
 * The alerts of a signal by its rule as it is now: a rule that changes raises and takes back alerts of all candidates that
 * are kept. Candidates are few, so that all of a signal's can meet its one rule in one place.
 */
export function ruledQuery({ name, rule, candidates, condition, severity, ttl }: Ruled): string {
  const thresholds = [
    ...(rule.count === undefined
      ? []
      : [`COALESCE(r.least_count, CAST(${rule.count.standard} AS BIGINT)) AS least_count`]),
    ...(rule.share === undefined ? [] : [`COALESCE(r.least_share, ${plain(rule.share.standard)}) AS least_share`]),
  ];
  return `SELECT alert_id, '${name}', customer_id, subject, window_start, window_end, transactions, amount, currency,
  ${severity}, explanation
FROM (
  SELECT ${ttl === undefined ? '' : `/*+ STATE_TTL('c' = '${ttl}') */ `}${['c.*', ...thresholds].join(', ')}
  FROM (
${candidates}
  ) AS c
  LEFT JOIN risk_rules AS r ON r.signal = '${name}'
  WHERE COALESCE(r.enabled, TRUE)
)
WHERE ${condition}`;
}
