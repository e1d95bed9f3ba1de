import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until `probe` answers something other than undefined.
 *
 * @returns the answer, or undefined when `timeoutMs` passed without one
 */
export async function poll<T>(
  probe: () => Promise<T | undefined>,
  { timeoutMs, everyMs = 50 }: { readonly timeoutMs: number; readonly everyMs?: number },
): Promise<T | undefined> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (Date.now() >= end) return undefined;
    await sleep(everyMs);
  }
}
