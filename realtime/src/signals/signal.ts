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
