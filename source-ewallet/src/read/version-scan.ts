import type { Client } from 'pg';
import type { HeapTable } from '../tables/heap-table';
import { fullXidSql, wantedSql, youngerThan } from './row-condition';
import type { RowVersion } from '../position/row-version';
import { SEEN_CAP } from '../position/snapshot';
import type { TableRule } from '../position/resume-rules';

/** What one look over a table's row versions found, before any row is read. */
export interface VersionScan {
  /** Transactions of the snapshot's uncertain span whose rows are visible: what the next sync must not read again. */
  readonly seen: readonly bigint[];
  readonly wanted: WantedRows;
}

/** Which rows of a table its rules want. */
export type WantedRows =
  /** Few enough to name each by its ctid, so that reading them looks at nothing else. */
  | { readonly kind: 'places'; readonly rows: readonly RowVersion[] }
  /** Those of the blocks `[first, end)` that the rules want; undefined end: to the table's last. */
  | {
      readonly kind: 'blocks';
      readonly count: number | undefined;
      readonly first: number;
      readonly end: number | undefined;
    };

export interface SnapshotBounds {
  readonly below: bigint;
  readonly next: bigint;
}

/** Where a table's wanted rows are, for the reader: rules, bounds of the snapshot, a further condition on rows. */
export interface ScanInput {
  readonly rules: readonly TableRule[];
  readonly bounds: SnapshotBounds;
  readonly where: string | undefined;
  /** The most rows to name one by one. */
  readonly placesCap: number;
}

const nothing: WantedRows = { kind: 'places', rows: [] };

/**
 * Finds which uncertain transactions were seen, which rows are wanted, and where they lie, by one sequential scan. Left
 * out where the answers are known: nothing was open, and everything or nothing is wanted.
 */
export async function scanVersions(client: Client, table: HeapTable, input: ScanInput): Promise<VersionScan> {
  const { rules, bounds } = input;
  const wholeFrom = rules.filter((rule) => rule.kind === 'all').map((rule) => rule.block);
  const newer = rules.filter((rule) => rule.kind === 'newer');
  const mayHaveNewer = newer.some((rule) => rule.since.below < bounds.next);
  if (bounds.below === bounds.next && !mayHaveNewer) {
    return wholeFrom.length === 0
      ? { seen: [], wanted: nothing }
      : { seen: [], wanted: { kind: 'blocks', count: undefined, first: Math.min(...wholeFrom), end: undefined } };
  }
  const lowest = newer.reduce((least, { since }) => (since.below < least ? since.below : least), bounds.below);
  const few = wholeFrom.length === 0 ? await listVersions(client, table, input, lowest) : undefined;
  return few ?? (await summariseVersions(client, table, input, { lowest, wholeFrom }));
}

/** Every wanted or uncertain row by itself; undefined where they are more than the cap, found out after that many. */
async function listVersions(
  client: Client,
  table: HeapTable,
  { rules, bounds, where, placesCap }: ScanInput,
  lowest: bigint,
): Promise<VersionScan | undefined> {
  const id = fullXidSql(bounds.next);
  const wanted = wantedSql(rules, bounds.next) ?? 'true';
  const { rows } = await client.query<{ place: string; xid: string; wanted: boolean }>(
    `select ctid::text as place, ${id}::text as xid, ${wanted} as wanted
     from only ${table.sql}
     where ${youngerThan(lowest)} and (${id} >= ${bounds.below} or ${wanted})${where === undefined ? '' : ` and ${where}`}
     limit ${placesCap + 1}`,
  );
  if (rows.length > placesCap) return undefined;
  const found = rows.map((row) => ({ place: row.place, xid: BigInt(row.xid), isWanted: row.wanted }));
  return {
    seen: found.filter(({ xid }) => xid >= bounds.below).map(({ xid }) => xid),
    wanted: {
      kind: 'places',
      rows: found.filter(({ isWanted }) => isWanted).map(({ place, xid }) => ({ place, xid })),
    },
  };
}

async function summariseVersions(
  client: Client,
  table: HeapTable,
  { rules, bounds, where }: ScanInput,
  { lowest, wholeFrom }: { readonly lowest: bigint; readonly wholeFrom: readonly number[] },
): Promise<VersionScan> {
  const wanted = wantedSql(rules, bounds.next) ?? 'true';
  const id = fullXidSql(bounds.next);
  const { rows } = await client.query<SummaryRow>(
    `select case when ${id} >= ${bounds.below} then ${id} else -1 end::text as xid,
       count(*) filter (where ${wanted})::float8 as wanted,
       split_part(trim('(' from min(ctid) filter (where ${wanted})::text), ',', 1) as first,
       split_part(trim('(' from max(ctid) filter (where ${wanted})::text), ',', 1) as last
     from only ${table.sql}
     where ${youngerThan(lowest)}${where === undefined ? '' : ` and ${where}`}
     group by 1 limit ${SEEN_CAP + 2}`,
  );
  const seen = rows.map((row) => BigInt(row.xid)).filter((xid) => xid >= 0n);
  const overflowed = rows.length > SEEN_CAP + 1;
  const firsts = rows.flatMap((row) => (row.first === null ? [] : [Number(row.first)]));
  const lasts = rows.flatMap((row) => (row.last === null ? [] : [Number(row.last)]));
  if (wholeFrom.length > 0 || overflowed) {
    const first = overflowed ? 0 : Math.min(...wholeFrom, ...firsts);
    return { seen, wanted: { kind: 'blocks', count: undefined, first, end: undefined } };
  }
  if (firsts.length === 0) return { seen, wanted: nothing };
  return {
    seen,
    wanted: {
      kind: 'blocks',
      count: rows.reduce((sum, row) => sum + row.wanted, 0),
      first: Math.min(...firsts),
      end: Math.max(...lasts) + 1,
    },
  };
}

interface SummaryRow {
  xid: string;
  wanted: number;
  first: string | null;
  last: string | null;
}
