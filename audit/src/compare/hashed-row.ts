import type { Session, TextRow } from '../server/session';
import type { Side } from '../tables/stream-plan';
import { Parameters, whereRange } from './key-range';
import type { RangeRows } from './range-totals';
import { keyHash, rowHash, type HashKind } from './row-hash';

/** A row as the comparison knows it. Of a stream without a key, the key is the row's hash. */
export interface HashedRow {
  readonly key: readonly (string | null)[];
  readonly hash: string;
  /** Another one for each version of the row; empty where rows have none. */
  readonly version: string;
}

/** Which rows of a side are read. */
interface BucketRows extends RangeRows {
  readonly buckets: { readonly of: number; readonly wanted: readonly number[] };
}

/** The rows of a range whose key's hash is in one of the buckets. */
export async function readHashedRows(
  session: Session,
  side: Side,
  { range, hash, buckets, more = [] }: BucketRows,
): Promise<readonly HashedRow[]> {
  const parameters = new Parameters();
  const bucket = `${keyHash(side, hash)} & ${buckets.of - 1} = any(${parameters.add(buckets.wanted)}::bigint[])`;
  const where = whereRange(side, range, parameters, [...more, bucket]);
  const rows = await session.query(`select ${hashedColumns(side, hash)} from ${side.from}${where}`, parameters.values);
  return rows.map((row) => hashedRow(row, side.keys.length));
}

/** The rows with these keys, looked up one by one. */
export async function lookUpRows(
  session: Session,
  side: Side,
  keys: readonly (readonly (string | null)[])[],
  hash: HashKind,
): Promise<readonly HashedRow[]> {
  const parameters = new Parameters();
  const where = whereRange(side, { from: undefined, to: undefined }, parameters, [keyIn(side, keys, hash, parameters)]);
  const rows = await session.query(`select ${hashedColumns(side, hash)} from ${side.from}${where}`, parameters.values);
  return rows.map((row) => hashedRow(row, side.keys.length));
}

/** The canonical values of the rows with these keys, column by column, with the warehouse's `_airbyte_meta`. */
export async function lookUpValues(
  session: Session,
  side: Side,
  keys: readonly (readonly (string | null)[])[],
  hash: HashKind,
): Promise<readonly RowValues[]> {
  const parameters = new Parameters();
  const where = whereRange(side, { from: undefined, to: undefined }, parameters, [keyIn(side, keys, hash, parameters)]);
  const values = side.values.map((value, index) => `${value} as v${index}`);
  const rows = await session.query(
    `select ${keyList(side)}${values.join(', ')}, ${side.meta ?? 'null'} as meta from ${side.from}${where}`,
    parameters.values,
  );
  return rows.map((row) => ({
    key: side.keys.map((_, index) => row[`k${index}`] ?? null),
    values: side.values.map((_, index) => row[`v${index}`] ?? null),
    meta: row.meta ?? null,
  }));
}

export interface RowValues {
  readonly key: readonly (string | null)[];
  readonly values: readonly (string | null)[];
  readonly meta: string | null;
}

function keyIn(
  side: Side,
  keys: readonly (readonly (string | null)[])[],
  hash: HashKind,
  parameters: Parameters,
): string {
  if (side.keyColumns.length === 0) {
    return `${rowHash(side, hash)} = any(${parameters.add(keys.map(([value]) => value))}::bigint[])`;
  }
  const lists = side.keyColumns.map(({ castTo }, index) => ({
    castTo,
    list: parameters.add(keys.map((key) => key[index] ?? null)),
  }));
  const columns = side.keyColumns.map(({ sql }) => sql).join(', ');
  const wanted = lists.map(({ castTo }, index) => `w${index}::${castTo}`).join(', ');
  const names = lists.map((_, index) => `w${index}`).join(', ');
  const arrays = lists.map(({ list }) => `${list}::text[]`).join(', ');
  return `(${columns}) in (select ${wanted} from unnest(${arrays}) as wanted(${names}))`;
}

function hashedColumns(side: Side, hash: HashKind): string {
  return `${keyList(side)}${rowHash(side, hash)} as h, ${side.version ?? `''`} as version`;
}

function keyList(side: Side): string {
  return side.keys.map((key, index) => `${key} as k${index}, `).join('');
}

function hashedRow(row: TextRow, keyColumns: number): HashedRow {
  const hash = row.h ?? '';
  const key = keyColumns === 0 ? [hash] : Array.from({ length: keyColumns }, (_, index) => row[`k${index}`] ?? null);
  return { key, hash, version: row.version ?? '' };
}
