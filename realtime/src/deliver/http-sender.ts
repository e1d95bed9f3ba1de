import type { Outcome, Sender } from './outcome';
import type { Message } from './verdict';

/** Answers below 500 that say "later". */
const LATER: ReadonlySet<number> = new Set([408, 409, 423, 425, 429]);

const LONGEST_RETRY_AFTER_S = 3_600;

/** Posts JSON. A redirect is not followed: the message would arrive as a GET, or somewhere else. */
export function httpSender(
  url: string,
  headers: Readonly<Record<string, string>>,
  bodyOf: (message: Message) => string,
  timeoutMs: number,
): Sender {
  return {
    async send(message) {
      let response: Response;
      try {
        response = await fetch(url, {
          method: 'POST',
          redirect: 'manual',
          signal: AbortSignal.timeout(timeoutMs),
          headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': message.key },
          body: bodyOf(message),
        });
        await response.body?.cancel();
      } catch (error) {
        return { kind: 'unavailable', cause: connectionCause(error) };
      }
      return outcomeOf(response.status, response.headers.get('retry-after'));
    },
    close: () => undefined,
  };
}

/** What an answer's status means; `retryAfter` is its Retry-After header, of which seconds are understood. */
export function outcomeOf(status: number, retryAfter: string | null): Outcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const cause = `HTTP ${status}`;
  if (status >= 300 && status < 400)
    return { kind: 'refused', cause: `${cause}, a redirect: give the address that it names` };
  if (status < 500 && !LATER.has(status)) return { kind: 'refused', cause };
  const seconds = Number(retryAfter ?? Number.NaN);
  return seconds > 0
    ? { kind: 'unavailable', cause, retryAfterMs: Math.min(seconds, LONGEST_RETRY_AFTER_S) * 1_000 }
    : { kind: 'unavailable', cause };
}

/** fetch's own message may hold the address, which may be the secret: only the code of what lies below it is said. */
function connectionCause(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
  return /^[A-Z0-9_]+$/.test(code) ? `no connection (${code})` : 'no connection';
}
