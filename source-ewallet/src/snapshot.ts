import type { Witness } from './row-version';
import type { XidRanges } from './xid-ranges';

/** Which rows of a stream one repeatable-read transaction saw, in a form that a later one can compare with. */
export interface Snapshot {
  readonly server: ServerIdentity;
  /** pg_snapshot_xmin: every transaction below had ended when the snapshot was taken. */
  readonly below: bigint;
  /** pg_snapshot_xmax: no transaction from here on had ended. */
  readonly next: bigint;
  /** Transactions from `below` on whose rows of this stream were visible. Not complete above a cap: see `seenCap`. */
  readonly seen: XidRanges;
  /** The tables that held the stream's rows (one, or its leaf partitions), by oid, and the file each was in. */
  readonly files: ReadonlyMap<number, number>;
  /** Rows that prove this history to a later sync. The states of the first versions have none. */
  readonly witnesses: readonly Witness[];
}

/** What tells one history of transaction ids from another. */
export interface ServerIdentity {
  /** Written by initdb; the same on every copy. Undefined where the role may not see it. */
  readonly system: string | undefined;
  /** Grows when a backup is restored or a standby promoted. */
  readonly timeline: number | undefined;
  /** pg_postmaster_start_time: where it is the same, the history is. Undefined in the states of the first versions. */
  readonly started: string | undefined;
}

/**
 * The most ranges a state keeps. Rows of transactions left out are read once more (doubled, never lost), which only
 * happens when that many transactions wrote to the stream while one stayed open.
 */
export const seenCap = 10_000;

/** Row versions can be compared over half of the 32-bit circle of transaction ids. */
const comparable = 2n ** 31n;

/**
 * The 64-bit id of a row's 32-bit `xmin`. A row that is visible was written before `next`, so its id is the highest one
 * below `next` with these low bits. Ids under 3 are PostgreSQL's marks for rows older than everything.
 */
export function fullXid(xmin: bigint, next: bigint): bigint {
  if (xmin < 3n) return xmin;
  const full = ((next >> 32n) << 32n) + xmin;
  return full >= next ? full - 2n ** 32n : full;
}

/**
 * Whether the server was started again since. Mostly that is all; but a copy of the disk as it was some time ago, put in
 * its place, looks the same from there on, and has used the same transaction ids for other rows.
 */
export function isDoubtful(saved: Snapshot, now: ServerIdentity): boolean {
  const { started } = saved.server;
  return started !== undefined && now.started !== undefined && started !== now.started;
}

/**
 * What a snapshot still says once a row of transaction `proven` was found as it was: the history is the same up to there,
 * and every later transaction is new, whatever was seen of the ids. Undefined: everything is newer.
 */
export function trusted(saved: Snapshot, proven: bigint): Snapshot | undefined {
  if (proven < 3n) return undefined;
  const seen = saved.seen.flatMap(([first, last]): (readonly [bigint, bigint])[] =>
    first > proven ? [] : [[first, last > proven ? proven : last]],
  );
  return { ...saved, below: saved.below > proven ? proven + 1n : saved.below, seen };
}

/** Why a snapshot cannot be compared with the server as it is now; undefined where it can. */
export function whyUnusable(
  saved: Snapshot,
  now: { readonly server: ServerIdentity; readonly next: bigint },
): string | undefined {
  const { system, timeline } = saved.server;
  if (system !== undefined && now.server.system !== undefined && system !== now.server.system) {
    return `the server is another one (system identifier ${now.server.system}, the state is of ${system})`;
  }
  if (timeline !== undefined && now.server.timeline !== undefined && timeline !== now.server.timeline) {
    return `the server was restored from a backup or failed over (timeline ${now.server.timeline}, the state is of ${timeline})`;
  }
  if (now.next < saved.next) {
    return `the server was restored from a backup (its next transaction is ${now.next}, the state knows ${saved.next})`;
  }
  if (now.next - saved.below >= comparable) {
    return `the state is too old: ${now.next - saved.below} transactions since, of at most 2^31`;
  }
  return undefined;
}
