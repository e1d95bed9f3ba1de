import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for so many milliseconds, or until `stop`: returns then, and at once where it has been asked for already. */
export async function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  await sleep(Math.max(0, milliseconds), undefined, { signal: stop }).catch(() => undefined);
}
