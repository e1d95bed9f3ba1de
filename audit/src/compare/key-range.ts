import type { Side } from '../tables/stream-plan';

/** Rows whose key's first columns are at least `from` and less than `to`; undefined is open. Values as PostgreSQL's text. */
export interface KeyRange {
  readonly from: readonly string[] | undefined;
  readonly to: readonly string[] | undefined;
}

export const WHOLE_TABLE: KeyRange = { from: undefined, to: undefined };

/** Collects the parameters of a statement. */
export class Parameters {
  readonly values: unknown[] = [];

  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** SQL conditions for the rows of a range that count, with `where`; empty where that is all rows. */
export function whereRange(side: Side, range: KeyRange, parameters: Parameters, more: readonly string[] = []): string {
  const conditions = [
    ...(side.where === undefined ? [] : [side.where]),
    ...(range.from === undefined ? [] : [compareKey(side, '>=', range.from, parameters)]),
    ...(range.to === undefined ? [] : [compareKey(side, '<', range.to, parameters)]),
    ...more,
  ];
  return conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
}

/** Row-wise comparison, which an index of the key serves. */
export function compareKey(
  side: Side,
  operator: '>=' | '>' | '<',
  values: readonly string[],
  parameters: Parameters,
): string {
  const columns = side.keyColumns.slice(0, values.length);
  const left = columns.map(({ sql }) => sql).join(', ');
  const right = columns.map(({ castTo }, index) => `${parameters.add(values[index])}::${castTo}`).join(', ');
  return values.length === 1 ? `${left} ${operator} ${right}` : `(${left}) ${operator} (${right})`;
}
