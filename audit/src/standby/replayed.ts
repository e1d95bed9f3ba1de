import { pause } from '@ewallet/command-line';
import { Failure, isFailure } from '@ewallet/failure';
import { sqlStateOf } from '@ewallet/postgres';
import type { Session } from '../server/session';

/** Patience for a standby: one that is further behind is delayed on purpose, or its replay is paused. */
const LONGEST_WAIT_SECONDS = 600;
const LOOK_EVERY_MS = 500;

export interface ReplayWait {
  /** Where somebody wants to wait longer. */
  readonly atLeastSeconds?: number;
  readonly stop: AbortSignal;
  /** Milliseconds. */
  readonly now: () => number;
  readonly say: (text: string) => void;
}

/**
 * On a standby, waits until it shows everything that it had received from its primary when this was called, so that what
 * the warehouse has by then is not newer than what the source shows from now on. On a primary there is nothing to wait for.
 *
 * @returns whether the source may have become newer for it
 * @throws Failure transient_error where the standby does not come that far
 */
export async function waitUntilReplayed(source: Session, wait: ReplayWait): Promise<boolean> {
  const received = await receivedPosition(source);
  if (received === undefined) return false;
  const limit = Math.max(LONGEST_WAIT_SECONDS, wait.atLeastSeconds ?? 0);
  const started = wait.now();
  let told = false;
  while (!wait.stop.aborted && !(await hasReplayed(source, received))) {
    if (wait.now() - started >= limit * 1_000) {
      throw Failure.transient(
        `The source is a standby that has not replayed in ${limit} s what it had received, so that the warehouse may be ahead of it and nothing is proven. See pg_is_wal_replay_paused() and recovery_min_apply_delay there, raise \`settle_seconds\`, or audit the primary.`,
      );
    }
    if (!told) wait.say('the source is a standby that is behind: waiting until it has replayed what it has received');
    told = true;
    await pause(LOOK_EVERY_MS, wait.stop);
  }
  return true;
}

/**
 * Up to where a standby has received the primary's log; undefined on a primary, and on a standby that is connected to
 * none: that one can only be taken as it is.
 */
async function receivedPosition(source: Session): Promise<string | undefined> {
  const [row] = await source.query('select pg_is_in_recovery()::text as standby');
  if (row?.standby !== 'true') return undefined;
  try {
    const [place] = await source.query(
      'select pg_last_wal_receive_lsn()::text as received, exists (select from pg_stat_wal_receiver)::text as connected',
    );
    return place?.connected === 'true' ? (place.received ?? undefined) : undefined;
  } catch (error) {
    if (isUnsupported(error)) return undefined;
    throw error;
  }
}

/** Readers of Amazon Aurora share their primary's storage and have no position in a log. */
function isUnsupported(error: unknown): boolean {
  return sqlStateOf(isFailure(error) ? error.cause : error) === '0A000';
}

async function hasReplayed(source: Session, position: string): Promise<boolean> {
  // Null once it was promoted: then it has no primary to be behind.
  const [row] = await source.query(`select coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, true)::text as done`, [
    position,
  ]);
  return row?.done === 'true';
}

/** A position of the server's log before which all was committed that it shows; the last there is where it cannot tell. */
export async function logPosition(source: Session): Promise<string> {
  try {
    const [row] = await source.query(
      'select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_insert_lsn() end::text as lsn',
    );
    return row?.lsn ?? LAST_POSITION;
  } catch (error) {
    if (isUnsupported(error)) return LAST_POSITION;
    throw error;
  }
}

const LAST_POSITION = 'FFFFFFFF/FFFFFFFF';
