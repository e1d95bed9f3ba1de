import { pause } from '@ewallet/command-line';

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** Milliseconds to wait after so many failures in a row, from 1; `random` from 0 to 1 spreads those who failed together. */
export function backoffMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(full * (0.75 + random / 4));
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
      await pause(backoffMs(failures, Math.random()), stop);
    }
  }
}
