import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** Milliseconds to wait after so many failures in a row, from 1; `random` from 0 to 1 spreads those who failed together. */
export function backoffMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(full * (0.75 + random / 4));
}

/** Waits, and returns at once where it is stopped. */
export async function rest(milliseconds: number, stop: AbortSignal): Promise<void> {
  await sleep(Math.max(0, milliseconds), undefined, { signal: stop }).catch(() => undefined);
}

/**
 * Repeats what must not be left undone, until it is done or stopped.
 *
 * @returns whether it is done
 */
export async function untilDone(
  work: () => Promise<void>,
  failed: (error: unknown) => void,
  stop: AbortSignal,
): Promise<boolean> {
  for (let failures = 1; ; failures += 1) {
    try {
      await work();
      return true;
    } catch (error) {
      failed(error);
      if (stop.aborted) return false;
      await rest(backoffMs(failures, Math.random()), stop);
    }
  }
}
