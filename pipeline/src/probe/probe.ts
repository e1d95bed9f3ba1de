import { asFailure } from '@ewallet/failure';

/** What a part answered, or why it did not. */
export type Probe<T> =
  { readonly kind: 'answered'; readonly value: T } | { readonly kind: 'failed'; readonly reason: string };

/**
 * Asks a part, for as long as the limit lets it. Whoever is asked later than that has no answer: a part that is down must not
 * hold up what is said of the others.
 *
 * @param limitMs milliseconds
 * @param ask is told by the signal when its time is over, and then lets go of what it holds
 */
export async function probe<T>(limitMs: number, ask: (over: AbortSignal) => Promise<T>): Promise<Probe<T>> {
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Probe<T>>((resolve) => {
    timer = setTimeout(() => {
      resolve({ kind: 'failed', reason: silence(limitMs) });
      over.abort();
    }, limitMs);
  });
  const asked = ask(over.signal).then(
    (value): Probe<T> => ({ kind: 'answered', value }),
    (error: unknown): Probe<T> => ({ kind: 'failed', reason: reasonOf(error) }),
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Nobody refused: what is silent may be down, cut off, or slow, and only more time tells the last from the others. */
function silence(limitMs: number): string {
  const seconds = limitMs / 1_000;
  return `no answer within ${seconds} s; --timeout ${Math.max(10, Math.ceil(4 * seconds))} tells silent from slow`;
}

/** The message of a failure without its last full stop; of other errors their own words. */
function reasonOf(error: unknown): string {
  return asFailure(error)
    .message.replace(/^Unexpected error: /, '')
    .replace(/\.$/, '');
}
