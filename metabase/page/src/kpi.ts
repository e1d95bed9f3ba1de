import type { Rows } from './card-format';

/** The last period's value beside the one before. */
export interface Comparison {
  readonly value: string | null;
  readonly period: string | null;
  readonly before: { readonly period: string | null; readonly value: string | null } | null;
  /** (value − before) ÷ |before|; null where that says nothing. */
  readonly change: number | null;
  readonly history: readonly (number | null)[];
}

/**
 * Metabase's trend: the rows are periods in order, the last is shown and compared with the one before.
 * @param valueColumn the index of the number; @param periodColumn of the period, -1 when there is none.
 */
export function compareLast(rows: Rows['rows'], valueColumn: number, periodColumn: number): Comparison {
  const last = rows.at(-1);
  const previous = rows.at(-2);
  const value = last?.[valueColumn] ?? null;
  const earlier = previous?.[valueColumn] ?? null;
  return {
    value,
    period: last?.[periodColumn] ?? null,
    before: previous === undefined ? null : { period: previous[periodColumn] ?? null, value: earlier },
    change: changeOf(value, earlier),
    history: rows.map((row) => {
      const text = row[valueColumn] ?? null;
      return text === null ? null : Number(text);
    }),
  };
}

function changeOf(value: string | null, before: string | null): number | null {
  if (value === null || before === null) return null;
  const [now, then] = [Number(value), Number(before)];
  if (!Number.isFinite(now) || !Number.isFinite(then) || then === 0) return null;
  return (now - then) / Math.abs(then);
}
