import { connect, failureFromPostgres, quoteQualified } from '@ewallet/postgres';
import type { RealtimeConfig } from '../config/realtime-config';
import type { Rules } from '../config/rules';
import type { Difference } from './compare';
import type { ResultRow } from '../engine/result-topic';

/** A row of dbt's risk_signals, every column as text; times in microseconds. */
export interface RiskSignal {
  readonly signal: string;
  readonly customer: string;
  readonly currency: string | null;
  readonly window_start: string;
  readonly window_end: string;
  readonly events: string;
}

/** The signals that dbt finds too; an alert of another kind has nothing beside it. */
const IN_BATCH: ReadonlySet<unknown> = new Set(['velocity', 'structuring', 'pin_failed_burst', 'rapid_in_out']);

export async function readRiskSignals(
  warehouse: NonNullable<RealtimeConfig['warehouse']>,
): Promise<readonly RiskSignal[]> {
  const micros = (column: string): string => `(extract(epoch from ${column}) * 1000000)::bigint::text`;
  const client = await connect(warehouse.connection, { applicationName: 'ewallet-realtime verify' });
  try {
    const found = await client.query<RiskSignal & Record<string, unknown>>(
      `select signal_type as signal, user_id::text as customer, currency, ${micros('window_start')} as window_start,
  ${micros('window_end')} as window_end, event_count::text as events
from ${quoteQualified(warehouse.schema, 'risk_signals')}`,
    );
    return found.rows;
  } catch (error) {
    throw failureFromPostgres(error, { what: "Could not read dbt's risk_signals" });
  } finally {
    await client.end();
  }
}

/**
 * dbt merges bursts that overlap: its n events are n + 1 - threshold ends of full windows, and the stream alerts at each
 * of those. So a signal's alerts are the ones that end within it, as many as it says, the last one at its end. Money that
 * comes in and leaves is one row and one alert, from the moment it came in.
 */
export function compareWithRiskSignals(
  signals: readonly RiskSignal[],
  alerts: readonly ResultRow[],
  rules: Pick<Rules, 'velocityCount' | 'structuringCount' | 'pinFailures'>,
): readonly Difference[] {
  const thresholds = new Map([
    ['velocity', rules.velocityCount],
    ['structuring', rules.structuringCount],
    ['pin_failed_burst', rules.pinFailures],
  ]);
  const open = new Map<string, Set<ResultRow>>();
  for (const alert of alerts) {
    if (!IN_BATCH.has(alert.signal)) continue;
    const key = groupOf(String(alert.signal), String(alert.customer_id), textOrNull(alert.currency));
    open.set(key, (open.get(key) ?? new Set()).add(alert));
  }
  const differences: Difference[] = [];
  for (const signal of signals) {
    const group = open.get(groupOf(signal.signal, signal.customer, signal.currency)) ?? new Set();
    const threshold = thresholds.get(signal.signal);
    const own = [...group].filter((alert) =>
      threshold === undefined ? startsAt(signal, alert) : endsIn(signal, alert),
    );
    // Two sums that came in at the same moment have a row each: one of their alerts is this row's.
    const taken = threshold === undefined ? closest(own, signal) : own;
    for (const alert of taken) group.delete(alert);
    const key = `signal=${signal.signal} customer_id=${signal.customer} window_start=${signal.window_start}`;
    if (taken.length === 0) differences.push({ key, kind: 'missing', columns: [] });
    else {
      const columns = threshold === undefined ? inOutDiffers(signal, taken) : burstDiffers(signal, taken, threshold);
      if (columns.length > 0) differences.push({ key, kind: 'different', columns });
    }
  }
  for (const group of open.values()) {
    for (const alert of group) {
      const key = `signal=${String(alert.signal)} customer_id=${String(alert.customer_id)} alert_id=${String(alert.alert_id)}`;
      differences.push({ key, kind: 'extra', columns: [] });
    }
  }
  return differences;
}

/** Bursts of structuring are of one currency; those of other signals may have several, so it says nothing there. */
function groupOf(signal: string, customer: string, currency: string | null): string {
  return JSON.stringify([signal, customer, signal === 'structuring' ? currency : null]);
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function startsAt(signal: RiskSignal, alert: ResultRow): boolean {
  return String(alert.window_start) === signal.window_start;
}

function endsIn(signal: RiskSignal, alert: ResultRow): boolean {
  const end = BigInt(String(alert.window_end));
  return end >= BigInt(signal.window_start) && end <= BigInt(signal.window_end);
}

function closest(alerts: readonly ResultRow[], signal: RiskSignal): readonly ResultRow[] {
  return [...alerts]
    .sort((a, b) => Number(String(b.transactions) === signal.events) - Number(String(a.transactions) === signal.events))
    .slice(0, 1);
}

function inOutDiffers(signal: RiskSignal, taken: readonly ResultRow[]): readonly string[] {
  return taken.every((alert) => String(alert.transactions) === signal.events) ? [] : ['transactions'];
}

function burstDiffers(signal: RiskSignal, taken: readonly ResultRow[], threshold: number): readonly string[] {
  return [
    ...(BigInt(taken.length) === BigInt(signal.events) - BigInt(threshold) + 1n ? [] : ['alerts']),
    ...(taken.some((alert) => String(alert.window_end) === signal.window_end) ? [] : ['window_end']),
  ];
}
