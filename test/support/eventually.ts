import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `attempt` until it does not throw, and returns what it returns. For what has no event to wait for: rows that a
 * running sink lands, a server that comes back.
 *
 * @throws what the last attempt threw, once `timeoutMs` (60 s by default) has passed
 */
export async function eventually<T>(
  attempt: () => Promise<T> | T,
  { timeoutMs = 60_000, everyMs = 50 }: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= end) throw error;
      await sleep(everyMs);
    }
  }
}
