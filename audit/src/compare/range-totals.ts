import type { Session } from '../server/session';
import type { Side } from '../tables/stream-plan';
import { Parameters, whereRange, type KeyRange } from './key-range';
import { keyHash, rowHash, type HashKind } from './row-hash';

/** A count and two order-free 64-bit aggregates of the rows' hashes: a doubled row cancels in one, not in the other. */
export interface Totals {
  readonly rows: number;
  readonly sum: string;
  readonly xor: string;
}

export const NO_ROWS: Totals = { rows: 0, sum: '0', xor: '0' };

export function isEqual(one: Totals, other: Totals): boolean {
  return one.rows === other.rows && one.sum === other.sum && one.xor === other.xor;
}

const AGGREGATES = `count(*) as rows, coalesce(sum(h), 0) as sum, coalesce(bit_xor(h), 0) as xor`;

/** Rows of a side that are summed up. */
export interface RangeRows {
  readonly range: KeyRange;
  readonly hash: HashKind;
  /** Further conditions that a row meets. */
  readonly more?: readonly string[];
}

/** `offset 0` keeps the planner from computing a row's hash once for each aggregate. */
export async function rangeTotals(
  session: Session,
  side: Side,
  { range, hash, more = [] }: RangeRows,
): Promise<Totals> {
  const parameters = new Parameters();
  const where = whereRange(side, range, parameters, more);
  const [row] = await session.query(
    `select ${AGGREGATES} from (select ${rowHash(side, hash)} as h from ${side.from}${where} offset 0) hashed`,
    parameters.values,
  );
  return { rows: Number(row?.rows ?? 0), sum: row?.sum ?? '0', xor: row?.xor ?? '0' };
}

/** The totals of a range by buckets of the key's hash. @param buckets a power of two */
export async function bucketTotals(
  session: Session,
  side: Side,
  { range, hash, buckets, more = [] }: RangeRows & { readonly buckets: number },
): Promise<ReadonlyMap<number, Totals>> {
  const parameters = new Parameters();
  const where = whereRange(side, range, parameters, more);
  const rows = await session.query(
    `select k & ${buckets - 1} as bucket, ${AGGREGATES}
     from (select ${keyHash(side, hash)} as k, ${rowHash(side, hash)} as h from ${side.from}${where} offset 0) hashed
     group by 1`,
    parameters.values,
  );
  return new Map(
    rows.map((row) => [
      Number(row.bucket),
      { rows: Number(row.rows), sum: row.sum ?? '0', xor: row.xor ?? '0' } satisfies Totals,
    ]),
  );
}
