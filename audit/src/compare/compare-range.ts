import type { Session } from '../server/session';
import type { StreamPlan } from '../tables/stream-plan';
import { readHashedRows } from './hashed-row';
import type { KeyRange } from './key-range';
import { bucketTotals, isEqual, NO_ROWS, rangeTotals, type Totals } from './range-totals';
import { compareRows, type Difference } from './row-differences';
import { keyHash, type HashKind } from './row-hash';
import type { Side } from '../tables/stream-plan';

/** A connection to each database, both in their snapshot. */
export interface SessionPair {
  readonly source: Session;
  readonly warehouse: Session;
}

/** Which rows to look at: those whose key's hash falls under the share. */
export interface Sample {
  /** 1 to 100. */
  readonly percent: number;
  readonly seed: number;
}

export interface RangeResult {
  /** Rows of the source that were compared. */
  readonly rows: number;
  readonly differences: readonly Difference[];
}

/** About so many rows are in a bucket: few enough that one wrong row costs little, enough that a range has few buckets. */
const ROWS_A_BUCKET = 64;
const MOST_BUCKETS = 1 << 16;
/** The most rows of a side that are held in memory at once. */
const MOST_ROWS = 50_000;

/**
 * Compares one range: its totals; where they differ, totals by buckets of the key's hash; where those differ, the rows'
 * hashes by key. So rows are only fetched where something is wrong, and cost grows with the ranges that differ.
 */
export async function compareRange(
  sessions: SessionPair,
  plan: StreamPlan,
  { range, hash, sample }: { readonly range: KeyRange; readonly hash: HashKind; readonly sample: Sample | undefined },
): Promise<RangeResult> {
  const more = (side: Side): readonly string[] => (sample === undefined ? [] : [inSample(side, hash, sample)]);
  const [source, landed] = await both(sessions, plan, (session, side) =>
    rangeTotals(session, side, { range, hash, more: more(side) }),
  );
  if (isEqual(source, landed)) return { rows: source.rows, differences: [] };
  const buckets = bucketCount(Math.max(source.rows, landed.rows));
  const [sources, landeds] = await both(sessions, plan, (session, side) =>
    bucketTotals(session, side, { range, hash, buckets, more: more(side) }),
  );
  const differences: Difference[] = [];
  for (const wanted of groupsOf(unequalBuckets(sources, landeds))) {
    const [sourceRows, landedRows] = await both(sessions, plan, (session, side) =>
      readHashedRows(session, side, { range, hash, buckets: { of: buckets, wanted }, more: more(side) }),
    );
    differences.push(...compareRows(sourceRows, landedRows));
  }
  return { rows: source.rows, differences };
}

/** Asks both databases at once. Both have answered before this throws, so that no session is left with a statement. */
async function both<Result>(
  sessions: SessionPair,
  plan: StreamPlan,
  ask: (session: Session, side: Side) => Promise<Result>,
): Promise<readonly [Result, Result]> {
  const [source, landed] = await Promise.allSettled([
    ask(sessions.source, plan.source),
    ask(sessions.warehouse, plan.warehouse),
  ]);
  if (source.status === 'rejected') throw source.reason;
  if (landed.status === 'rejected') throw landed.reason;
  return [source.value, landed.value];
}

/** The next power of two, so that a bucket is the hash's low bits. */
export function bucketCount(rows: number): number {
  const wanted = Math.max(1, Math.ceil(rows / ROWS_A_BUCKET));
  return Math.min(MOST_BUCKETS, 2 ** Math.ceil(Math.log2(wanted)));
}

function unequalBuckets(
  source: ReadonlyMap<number, Totals>,
  landed: ReadonlyMap<number, Totals>,
): readonly { readonly bucket: number; readonly rows: number }[] {
  return [...new Set([...source.keys(), ...landed.keys()])]
    .map((bucket) => ({ bucket, one: source.get(bucket) ?? NO_ROWS, other: landed.get(bucket) ?? NO_ROWS }))
    .filter(({ one, other }) => !isEqual(one, other))
    .map(({ bucket, one, other }) => ({ bucket, rows: Math.max(one.rows, other.rows) }));
}

function groupsOf(buckets: readonly { readonly bucket: number; readonly rows: number }[]): readonly number[][] {
  const groups: number[][] = [];
  let rows = MOST_ROWS;
  for (const bucket of buckets) {
    if (rows + bucket.rows > MOST_ROWS) {
      groups.push([]);
      rows = 0;
    }
    groups.at(-1)?.push(bucket.bucket);
    rows += bucket.rows;
  }
  return groups;
}

/** The same keys on both sides, whatever their ranges. The hash's high bits: its low ones are the buckets. */
function inSample(side: Side, hash: HashKind, { percent, seed }: Sample): string {
  const parts = 1_000_000;
  const offset = seed % parts;
  return `((${keyHash(side, hash)} >> 20 & 1048575) * ${parts} / 1048576 + ${offset}) % ${parts} < ${Math.round(percent * (parts / 100))}`;
}
