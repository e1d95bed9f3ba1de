import { Columns } from './columns';

/** A line of the simulator's record of what it planted. Instants in milliseconds. */
export interface PlantedFraud {
  readonly pattern: string;
  readonly customers: readonly number[];
  readonly from: number;
  readonly until: number;
  /** False where its end was cut off: then it is fraud, but need not be found. */
  readonly complete: boolean;
  readonly expected: readonly { readonly signal: string; readonly customer: number }[];
}

/** @param record the simulator's, a line of JSON for each burst */
export function readPlanted(record: string): readonly PlantedFraud[] {
  return record
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { from, until, ...rest } = JSON.parse(line) as Omit<PlantedFraud, 'from' | 'until'> &
        Readonly<Record<'from' | 'until', string>>;
      return { ...rest, from: Date.parse(from), until: Date.parse(until) };
    });
}

/** An alert about a customer. Instants in milliseconds. */
export interface RaisedAlert {
  readonly signal: string;
  readonly customer: number;
  readonly from: number;
  readonly until: number;
}

/** How a signal did. */
export interface SignalScore {
  readonly signal: string;
  /** Customers of bursts that it should have found, and those that it found. */
  readonly planted: number;
  readonly found: number;
  /** Its alerts, and those about somebody who was just then part of a planted burst, whichever it was. */
  readonly alerts: number;
  readonly right: number;
}

/** Money passed on in a burst may settle so much later. */
const AFTERMATH = 3_600_000;

/** @returns a score for each signal that was expected or raised, by name */
export function scoreAlerts(planted: readonly PlantedFraud[], alerts: readonly RaisedAlert[]): readonly SignalScore[] {
  const bursts = byCustomer(planted.flatMap((burst) => burst.customers.map((customer) => ({ burst, customer }))));
  const raised = byCustomer(alerts);
  const meets = (alert: RaisedAlert, burst: PlantedFraud): boolean =>
    alert.until >= burst.from && alert.from <= burst.until + AFTERMATH;
  const expected = planted.flatMap((burst) =>
    burst.complete ? burst.expected.map(({ signal, customer }) => ({ signal, customer, burst })) : [],
  );
  const signals = [...new Set([...expected, ...alerts].map(({ signal }) => signal))].sort();
  return signals.map((signal) => {
    const wanted = expected.filter((one) => one.signal === signal);
    const own = alerts.filter((alert) => alert.signal === signal);
    return {
      signal,
      planted: wanted.length,
      found: wanted.filter(({ customer, burst }) =>
        (raised.get(customer) ?? []).some((alert) => alert.signal === signal && meets(alert, burst)),
      ).length,
      alerts: own.length,
      right: own.filter((alert) => (bursts.get(alert.customer) ?? []).some(({ burst }) => meets(alert, burst))).length,
    };
  });
}

function byCustomer<T extends { readonly customer: number }>(all: readonly T[]): ReadonlyMap<number, readonly T[]> {
  const groups = new Map<number, T[]>();
  for (const one of all) {
    const group = groups.get(one.customer);
    if (group === undefined) groups.set(one.customer, [one]);
    else group.push(one);
  }
  return groups;
}

/** Shares of what was planted that was found, and of the alerts that were right. 1 where there is nothing to find or raise. */
export function totals(scores: readonly SignalScore[]): { readonly recall: number; readonly precision: number } {
  const sum = (of: (score: SignalScore) => number): number => scores.reduce((total, score) => total + of(score), 0);
  return {
    recall: share(
      sum(({ found }) => found),
      sum(({ planted }) => planted),
    ),
    precision: share(
      sum(({ right }) => right),
      sum(({ alerts }) => alerts),
    ),
  };
}

/** The scores as a table for people, the totals below. */
export function scoreTable(scores: readonly SignalScore[]): string {
  const rows = scores.map((score) => [
    score.signal,
    score.planted,
    score.found,
    shown(share(score.found, score.planted), score.planted),
    score.alerts,
    score.right,
    shown(share(score.right, score.alerts), score.alerts),
  ]);
  const { recall, precision } = totals(scores);
  const all = [
    ['signal', 'planted', 'found', 'recall', 'alerts', 'right', 'precision'],
    ...rows,
    ['all', '', '', shown(recall, 1), '', '', shown(precision, 1)],
  ].map((row) => row.map(String));
  const columns = new Columns(all, (column) => column > 0);
  return all.map((row) => columns.line(row)).join('\n');
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

/** Never rounded up to 1. */
function shown(value: number, of: number): string {
  return of === 0 ? '-' : (Math.floor(value * 1_000) / 1_000).toFixed(3);
}
