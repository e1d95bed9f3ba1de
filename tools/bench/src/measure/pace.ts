import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@ewallet/failure';

/** Changes are committed so often: a transaction per tick, as large as the rate asks. */
const TICK = 10;
/** Milliseconds of changes that are not counted: programs compile themselves, the sink joins its group. */
const WARM_UP = 5_000;

export interface Pace {
  /** Changes per second. */
  readonly rate: number;
  /** How long changes count, after the warm-up. */
  readonly seconds: number;
}

/** Changes that are due at one tick. */
export interface Due {
  readonly changes: number;
  /** When they are about to be committed. */
  readonly at: number;
  readonly isWarmUp: boolean;
}

/** A transaction per tick, until the time is over; a tick that came late is made up for by the next one. */
export async function commitAtPace({ rate, seconds }: Pace, commit: (due: Due) => Promise<void>): Promise<void> {
  const started = Date.now();
  let committed = 0;
  for (let tick = 1; Date.now() - started < WARM_UP + seconds * 1_000; tick += 1) {
    const at = Date.now();
    const changes = Math.floor(((at - started) / 1_000) * rate) - committed;
    if (changes > 0) {
      await commit({ changes, at, isWarmUp: at - started < WARM_UP });
      committed += changes;
    }
    await sleep(Math.max(1, started + tick * TICK - Date.now()));
  }
}

/**
 * @param missing how many have not arrived yet
 * @param patienceMs how long the last one may take
 */
export async function untilArrived(what: string, missing: () => number, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (let rest = missing(); rest > 0; rest = missing()) {
    if (Date.now() > deadline) throw Failure.system(`${rest} ${what} did not arrive within ${patienceMs / 1_000} s.`);
    await sleep(50);
  }
}
