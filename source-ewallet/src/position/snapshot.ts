import type { Lsn } from '@ewallet/postgres';
import type { Witness } from './row-version';
import type { XidRanges } from './xid-ranges';

/** Which rows of a stream one repeatable-read transaction saw, in a form that a later one can compare with. */
export interface Snapshot {
  readonly server: ServerIdentity;
  /** All that the snapshot saw lies before this place of the write-ahead log. Undefined in the states of the first versions. */
  readonly lsn: Lsn | undefined;
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
  /** The columns that the witnesses' digests are of. Undefined in the states of the first versions: all there were. */
  readonly digestColumns: readonly string[] | undefined;
}

/** What tells one history of transaction ids from another. */
export interface ServerIdentity {
  /** Written by initdb; the same on every copy. Undefined where the role may not see it. */
  readonly system: string | undefined;
  /** The database's oid: another one for a clone on the same server. Undefined in the states of the first versions. */
  readonly database: string | undefined;
  /** Major version of the server, which tells pg_upgrade (a new cluster, the same rows) from another server. */
  readonly version: number | undefined;
  /** Grows when a backup is restored or a standby promoted. */
  readonly timeline: number | undefined;
  /** pg_postmaster_start_time: where it is the same, the history is. Undefined in the states of the first versions. */
  readonly started: string | undefined;
}

/**
 * The most ranges a state keeps. Rows of transactions left out are read once more (doubled, never lost), which only
 * happens when that many transactions wrote to the stream while one stayed open.
 */
export const SEEN_CAP = 10_000;

/** Row versions can be compared over half of the 32-bit circle of transaction ids. */
const COMPARABLE = 2n ** 31n;

/** What a saved snapshot is compared with. */
export interface ServerNow {
  readonly server: ServerIdentity;
  /** pg_snapshot_xmax. */
  readonly next: bigint;
  /** pg_last_wal_replay_lsn: on a promoted server, until its next start, where its history parted from the primary's. */
  readonly replayed: Lsn | undefined;
  /** Where pg_upgrade made the cluster, the old one's next transaction at that time. */
  readonly upgradedAt: bigint | undefined;
}

/** Why a saved snapshot may be of another history than the server's. */
export interface Doubt {
  readonly why: string;
  /** Of another database, not of another moment of the same one: no cursor of the state says anything about its rows. */
  readonly isAnother: boolean;
  /** Whether a row that is as it was proves the history up to it. Two clusters that were set up the same way may hold equal rows by chance. */
  readonly isProvable: boolean;
  /** Whether somebody should know, though it was proved: everything but a mere start of the server. */
  readonly isNews: boolean;
  /**
   * When rows that the state covers may be here as they were before they were sent, which no row version tells:
   * `perhaps`, since the server goes back in time; `unless the newest stands`, as a template has no open transactions
   * when it is cloned, and a server that runs on goes back by no more than its last commits; `if it forks`, where
   * witnesses of another history are found; `never`, where the log says so.
   */
  readonly undone: 'perhaps' | 'unless the newest stands' | 'if it forks' | 'never';
}

/**
 * Compares a snapshot with the server as it is now; undefined where the history is the same. A copy keeps everything that
 * could tell it apart but one or two of these: a template clone has another oid, a copy of the disk another start.
 */
export function doubtOf(saved: Snapshot, now: ServerNow): Doubt | undefined {
  const { system, database, timeline, started, version } = saved.server;
  const { server, next } = now;
  if (differ(system, server.system)) {
    const isUpgraded = version !== undefined && server.version !== undefined && version < server.version;
    const why = `the server is another one (system identifier ${server.system ?? ''}, the state is of ${system ?? ''})`;
    // The upgrade itself takes transactions, so `next` says little about the moment of the old cluster.
    const undone = (now.upgradedAt ?? next) < saved.next ? 'perhaps' : 'if it forks';
    return { why, isAnother: true, isProvable: isUpgraded, isNews: true, undone };
  }
  if (differ(database, server.database)) {
    const why = `the database is another one (oid ${server.database ?? ''}, the state is of ${database ?? ''})`;
    const isLater = !differ(timeline, server.timeline) && next >= saved.next;
    const undone = isLater ? 'unless the newest stands' : 'perhaps';
    return { why, isAnother: true, isProvable: true, isNews: true, undone };
  }
  if (differ(timeline, server.timeline)) {
    const why = `the server was restored from a backup or failed over (timeline ${server.timeline ?? ''}, the state is of ${timeline ?? ''})`;
    return {
      why,
      isAnother: false,
      isProvable: true,
      isNews: true,
      undone: isAllReplayed(saved, now) ? 'never' : 'perhaps',
    };
  }
  if (next < saved.next) {
    const why = `the server was restored from a backup (its next transaction is ${next}, the state knows ${saved.next})`;
    // Its own crash takes commits of synchronous_commit = off away; a restore is a start. Else it is the state that is wrong.
    const runsOn = started !== undefined && started === server.started;
    return {
      why,
      isAnother: false,
      isProvable: true,
      isNews: true,
      undone: runsOn ? 'unless the newest stands' : 'perhaps',
    };
  }
  if (differ(started, server.started)) {
    const why = `the server was started again (${server.started ?? ''}), so it may be a copy of an earlier time`;
    return { why, isAnother: false, isProvable: true, isNews: false, undone: 'if it forks' };
  }
  return undefined;
}

/** The timeline after the state's can only begin on the state's own. */
function isAllReplayed(saved: Snapshot, { server, replayed }: ServerNow): boolean {
  const { timeline } = saved.server;
  if (timeline === undefined || server.timeline !== timeline + 1) return false;
  return saved.lsn !== undefined && replayed !== undefined && replayed >= saved.lsn;
}

/** What is not known tells nothing. */
function differ<T>(saved: T | undefined, now: T | undefined): boolean {
  return saved !== undefined && now !== undefined && saved !== now;
}

/**
 * What a snapshot still says once a row of transaction `proven` was found as it was: the history is the same up to there,
 * and every later transaction is new, whatever was seen of the ids. Undefined: everything is newer.
 */
export function trusted(saved: Snapshot, proven: bigint, server: ServerIdentity): Snapshot | undefined {
  if (proven < 3n) return undefined;
  const seen = saved.seen.flatMap(([first, last]): (readonly [bigint, bigint])[] =>
    first > proven ? [] : [[first, last > proven ? proven : last]],
  );
  return { ...saved, server, below: saved.below > proven ? proven + 1n : saved.below, seen };
}

/** Why a snapshot cannot be compared any more, whatever the history; undefined where it can. */
export function whyTooOld(saved: Snapshot, next: bigint): string | undefined {
  return next - saved.below >= COMPARABLE
    ? `the state is too old: ${next - saved.below} transactions since, of at most 2^31`
    : undefined;
}
