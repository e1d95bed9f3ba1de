import type { Client } from 'pg';
import type { HeapTable } from './heap-table';
import { fullXidSql, wantedSql, youngerThan } from './row-condition';
import { seenCap } from './snapshot';
import type { TableRule } from './wanted-rows';

/** What one look over a table's row versions found, before any row is read. */
export interface VersionScan {
  /** Transactions of the snapshot's uncertain span whose rows are visible: what the next sync must not read again. */
  readonly seen: readonly bigint[];
  /** Rows the rules want, and the blocks they lie in, `[first, end)`; undefined end: to the last. */
  readonly wanted: number | undefined;
  readonly first: number;
  readonly end: number | undefined;
}

export interface SnapshotBounds {
  readonly below: bigint;
  readonly next: bigint;
}

/**
 * One sequential scan that answers three questions: which uncertain transactions were seen, how many rows are wanted, and
 * where they lie. Left out where the answers are known: nothing was open, and everything or nothing is wanted.
 */
export async function scanVersions(
  client: Client,
  table: HeapTable,
  rules: readonly TableRule[],
  bounds: SnapshotBounds,
  where: string | undefined,
): Promise<VersionScan> {
  const wholeFrom = rules.filter((rule) => rule.kind === 'all').map((rule) => rule.block);
  const newer = rules.filter((rule) => rule.kind === 'newer');
  const mayHaveNewer = newer.some((rule) => rule.since.below < bounds.next);
  if (bounds.below === bounds.next && !mayHaveNewer) {
    return wholeFrom.length === 0
      ? { seen: [], wanted: 0, first: 0, end: 0 }
      : { seen: [], wanted: undefined, first: Math.min(...wholeFrom), end: undefined };
  }
  const lowest = newer.reduce((least, { since }) => (since.below < least ? since.below : least), bounds.below);
  const wanted = wantedSql(rules, bounds.next) ?? 'true';
  const id = fullXidSql(bounds.next);
  const { rows } = await client.query<ScanRow>(
    `select case when ${id} >= ${bounds.below} then ${id} else -1 end::text as xid,
       count(*) filter (where ${wanted})::float8 as wanted,
       split_part(trim('(' from min(ctid) filter (where ${wanted})::text), ',', 1) as first,
       split_part(trim('(' from max(ctid) filter (where ${wanted})::text), ',', 1) as last
     from only ${table.sql}
     where ${youngerThan(lowest)}${where === undefined ? '' : ` and ${where}`}
     group by 1 limit ${seenCap + 2}`,
  );
  const seen = rows.map((row) => BigInt(row.xid)).filter((xid) => xid >= 0n);
  const overflowed = rows.length > seenCap + 1;
  const firsts = rows.flatMap((row) => (row.first === null ? [] : [Number(row.first)]));
  const lasts = rows.flatMap((row) => (row.last === null ? [] : [Number(row.last)]));
  if (wholeFrom.length > 0 || overflowed) {
    return { seen, wanted: undefined, first: overflowed ? 0 : Math.min(...wholeFrom, ...firsts), end: undefined };
  }
  return {
    seen,
    wanted: rows.reduce((sum, row) => sum + row.wanted, 0),
    first: firsts.length === 0 ? 0 : Math.min(...firsts),
    end: lasts.length === 0 ? 0 : Math.max(...lasts) + 1,
  };
}

interface ScanRow {
  xid: string;
  wanted: number;
  first: string | null;
  last: string | null;
}
