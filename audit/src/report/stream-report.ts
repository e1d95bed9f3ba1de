import { isInFlight, isSuspect } from '../settle/candidate';
import type { DescribedRow } from '../settle/described-row';
import type { StreamPlan } from '../tables/stream-plan';
import type { DifferentRow, KeyValue, ShownKey, StreamReport } from './audit-report';

/** @param rows what still differs after the last look */
export function streamReport(
  plan: StreamPlan,
  compared: {
    readonly rows: number;
    readonly found: readonly DescribedRow[];
    readonly nulled: number;
    readonly showValues: boolean;
  },
): StreamReport {
  const found = compared.found.filter(({ candidate }) => isSuspect(candidate));
  const keysOf = (kind: 'missing' | 'extra'): readonly ShownKey[] =>
    sorted(
      found.flatMap(({ candidate: { now } }) =>
        now?.kind === kind ? Array.from({ length: now.count }, () => shownKey(plan, now.key)) : [],
      ),
    );
  return {
    stream: plan.stream,
    table: plan.table,
    rows: compared.rows,
    missing: keysOf('missing'),
    extra: keysOf('extra'),
    different: found
      // A row without a wrong column became equal between the last look and this one.
      .filter(({ candidate, columns }) => candidate.now?.kind === 'different' && columns?.wrong.length !== 0)
      .map((row) => differentRow(plan, row, compared.showValues))
      .sort((one, other) => compareKeys(one.key, other.key)),
    inFlight: compared.found.filter(({ candidate }) => isInFlight(candidate)).length,
    nulled: compared.nulled,
    notCompared: plan.notCompared,
  };
}

function differentRow(plan: StreamPlan, row: DescribedRow, showValues: boolean): DifferentRow {
  const { candidate, columns, values } = row;
  const wrong = columns?.wrong ?? [];
  const shown = {
    key: shownKey(plan, candidate.first.key),
    columns: wrong,
  };
  if (!showValues || values === undefined) return shown;
  const valueOf = (side: 'source' | 'landed', column: string): string | null =>
    values[side].values[plan.columns.indexOf(column)] ?? null;
  return {
    ...shown,
    values: Object.fromEntries(
      wrong.map((column) => [column, { source: valueOf('source', column), warehouse: valueOf('landed', column) }]),
    ),
  };
}

function shownKey(plan: StreamPlan, key: readonly (string | null)[]): ShownKey {
  if (plan.key.length === 0) return `hash ${key[0] ?? ''}`;
  const values = key.map((value, index): KeyValue => {
    return value !== null && plan.wholeNumbers[index] === true ? BigInt(value) : value;
  });
  const [only = null] = values;
  return values.length === 1 ? only : values;
}

function sorted(keys: readonly ShownKey[]): readonly ShownKey[] {
  return [...keys].sort(compareKeys);
}

function compareKeys(one: ShownKey, other: ShownKey): number {
  const [left, right] = [one, other].map((key) =>
    Array.isArray(key) ? (key as readonly KeyValue[]) : [key as KeyValue],
  );
  for (const [index, value] of (left ?? []).entries()) {
    const against = right?.[index] ?? null;
    if (value === against) continue;
    if (value === null || against === null) return value === null ? -1 : 1;
    return value < against ? -1 : 1;
  }
  return 0;
}
