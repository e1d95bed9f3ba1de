import type { ResultRow } from '../engine/result-topic';

export interface Difference {
  readonly key: string;
  readonly kind: 'missing' | 'extra' | 'different';
  /** Columns that differ, for `different`. */
  readonly columns: readonly string[];
}

/** Rows of the two sides by key; numbers that are the same amount are the same, whatever zeros they end with. */
export function compareRows(
  expected: readonly ResultRow[],
  found: readonly ResultRow[],
  { keys, values }: { readonly keys: readonly string[]; readonly values: readonly string[] },
): readonly Difference[] {
  const keyOf = (row: ResultRow): string => keys.map((key) => `${key}=${textOf(row[key])}`).join(' ');
  const left = new Map(expected.map((row) => [keyOf(row), row]));
  const right = new Map(found.map((row) => [keyOf(row), row]));
  const differences: Difference[] = [];
  for (const [key, row] of left) {
    const other = right.get(key);
    if (other === undefined) {
      differences.push({ key, kind: 'missing', columns: [] });
      continue;
    }
    const columns = values.filter((column) => textOf(row[column]) !== textOf(other[column]));
    if (columns.length > 0) differences.push({ key, kind: 'different', columns });
  }
  for (const key of right.keys()) if (!left.has(key)) differences.push({ key, kind: 'extra', columns: [] });
  return differences;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}
