import { quoteIdentifier, quoteLiteral } from '@ewallet/postgres';
import type { Snapshot } from '../position/snapshot';
import type { TableRule } from '../position/resume-rules';

/**
 * SQL conditions on row versions. `age(xmin)` compares 32-bit ids without text and comes first: it leaves out all but
 * the candidates at 0.1 s per million rows. Then the exact 64-bit id decides (see packages/postgres' `fullXid`, whose SQL twin is here).
 */
function newerThan(since: Snapshot, next: bigint): string {
  const id = fullXidSql(next);
  const seen = since.seen.map(([first, last]) => `[${first},${last}]`).join(',');
  const notSeen = seen === '' ? '' : ` and not ('{${seen}}'::int8multirange @> ${id})`;
  return `(${youngerThan(since.below)} and ${id} >= ${since.below}${notSeen})`;
}

/** Written by transaction `below` or a later one, or by one so old that the circle of ids hides it. */
export function youngerThan(below: bigint): string {
  return `age(xmin) <= age('${below & 0xffff_ffffn}'::xid)`;
}

/** `fullXid` in SQL: the row's transaction id in 64 bits, right for every row visible to a snapshot ending at `next`. */
export function fullXidSql(next: bigint): string {
  const base = (next >> 32n) << 32n;
  const raw = 'xmin::text::int8';
  return (
    `(case when ${raw} < 3 then ${raw} ` +
    `when ${raw} + ${base} >= ${next} then ${raw} + ${base - 2n ** 32n} else ${raw} + ${base} end)`
  );
}

/** True for the rows of one table that its rules want; undefined where that is all of them. */
export function wantedSql(rules: readonly TableRule[], next: bigint): string | undefined {
  const conditions = rules.map((rule) => {
    const parts = [
      ...(rule.kind === 'newer' ? [newerThan(rule.since, next)] : []),
      ...(rule.block > 0 ? [`ctid >= ${tid(rule.block)}`] : []),
    ];
    return parts.length === 0 ? undefined : `(${parts.join(' and ')})`;
  });
  if (conditions.some((condition) => condition === undefined)) return undefined;
  return conditions.length === 0 ? 'false' : `(${conditions.join(' or ')})`;
}

/** Rows of blocks `[first, end)`; without an end to the table's last. */
export function blocksSql(first: number, end: number | undefined): string | undefined {
  const parts = [...(first > 0 ? [`ctid >= ${tid(first)}`] : []), ...(end === undefined ? [] : [`ctid < ${tid(end)}`])];
  return parts.length === 0 ? undefined : parts.join(' and ');
}

/** True for the rows at these ctids, as a condition that PostgreSQL answers by fetching them and nothing else. */
export function atPlaces(rows: readonly { readonly place: string }[]): string {
  return `ctid = any('{${rows.map(({ place }) => `"${place}"`).join(',')}}'::tid[])`;
}

/** Rows whose cursor is at most so many seconds before a value, or unknown. */
export function cursorSince(cursor: CursorPosition, lookBackSeconds: number): string {
  const column = quoteIdentifier(cursor.column);
  const bound = `${quoteLiteral(cursor.value).trim()}::${cursor.sqlType}`;
  switch (cursor.sqlType) {
    case 'timestamp':
    case 'timestamptz':
      return `${column} >= ${bound} - interval '${lookBackSeconds} seconds'`;
    case 'date':
      return `${column} >= ${bound} - ${Math.ceil(lookBackSeconds / 86_400)}`;
    case 'int8':
    case 'numeric':
      return `${column} >= ${bound}`;
  }
}

/** The same rows, and those without a cursor. */
export function cursorSinceOrNone(cursor: CursorPosition, lookBackSeconds: number): string {
  return `(${cursorSince(cursor, lookBackSeconds)} or ${quoteIdentifier(cursor.column)} is null)`;
}

export interface CursorPosition {
  readonly column: string;
  readonly sqlType: 'timestamp' | 'timestamptz' | 'date' | 'int8' | 'numeric';
  readonly value: string;
}

function tid(block: number): string {
  return `'(${block},0)'::tid`;
}
