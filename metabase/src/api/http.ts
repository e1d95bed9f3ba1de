import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@ewallet/failure';
import { isObject } from '../content/json';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One call of the API; `doing` is what it is for, in words, with the key of the question or dashboard. */
export interface Call {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly doing: string;
  /** The body holds a secret: nothing of the server's words is shown, as it may repeat it. */
  readonly secret?: boolean;
  /** A 404 is an answer too: undefined. */
  readonly maybeAbsent?: boolean;
}

export interface HttpOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly retries: number;
  /** First wait between attempts in milliseconds; doubles each time. */
  readonly backoff: number;
  readonly timeout: number;
}

/**
 * Calls Metabase's API. What may be repeated without harm (GET, PUT, DELETE) is, on a broken connection, 429, 502, 503
 * and 504; a POST only when it surely was not taken (429, 503, connection refused), as it would make a second one.
 */
export class Http {
  constructor(private readonly options: HttpOptions) {}

  with(headers: Readonly<Record<string, string>>): Http {
    return new Http({ ...this.options, headers: { ...this.options.headers, ...headers } });
  }

  async call(call: Call): Promise<unknown> {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.once(call);
      if (outcome.kind === 'answer') return outcome.body;
      if (!outcome.again || attempt >= this.options.retries) throw outcome.failure;
      await sleep(outcome.wait ?? this.options.backoff * 2 ** attempt);
    }
  }

  private async once(call: Call): Promise<Outcome> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(call.path.replace(/^\//, ''), ensureSlash(this.options.url)), {
        method: call.method,
        headers: {
          accept: 'application/json',
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...this.options.headers,
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal: AbortSignal.timeout(this.options.timeout),
      });
      text = await response.text();
    } catch (error) {
      const code = causeCode(error);
      return {
        kind: 'failed',
        again: call.method !== 'POST' || code === 'ECONNREFUSED',
        failure: Failure.transient(`${call.doing}: no answer from ${this.options.url} (${code}).${remedy(code)}`, {
          cause: error,
        }),
      };
    }
    if (response.ok) return { kind: 'answer', body: parsed(text) };
    if (response.status === 404 && call.maybeAbsent === true) return { kind: 'answer', body: undefined };
    const busy = response.status === 429 || response.status === 503;
    const again = busy || (call.method !== 'POST' && (response.status === 502 || response.status === 504));
    const wait = Number(response.headers.get('retry-after'));
    return {
      kind: 'failed',
      again,
      ...(busy && wait > 0 && wait <= 60 ? { wait: wait * 1000 } : {}),
      failure: refusal(call, response.status, call.secret === true ? '' : reasonOf(text)),
    };
  }
}

type Outcome =
  | { readonly kind: 'answer'; readonly body: unknown }
  | { readonly kind: 'failed'; readonly again: boolean; readonly wait?: number; readonly failure: Failure };

function refusal(call: Call, status: number, reason: string): Failure {
  const said = reason === '' ? '' : `: ${reason}`;
  const message = `${call.doing}: Metabase answered ${status} to ${call.method} ${call.path}${said}`;
  if (status === 401) return Failure.config(`${message}. Check the API key or the user and password.`);
  if (status === 403) return Failure.config(`${message}. The key's group may not do this; an administrator's may.`);
  if (status >= 500) return Failure.transient(message);
  return Failure.config(message);
}

/** What the server says is wrong: `{"errors":{…}}`, `{"message":…}` or plain text. */
function reasonOf(text: string): string {
  const body = parsed(text);
  if (isObject(body)) {
    if (isObject(body.errors) && Object.keys(body.errors).length > 0) return JSON.stringify(body.errors).slice(0, 600);
    if (typeof body.message === 'string') return body.message.slice(0, 600);
    return JSON.stringify(body).slice(0, 600);
  }
  return typeof body === 'string' ? body.slice(0, 300) : '';
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

function causeCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const cause: unknown = error.cause;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  if (error.name === 'TimeoutError') return 'time-out';
  // fetch itself only says "fetch failed".
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}

/** What to look at where nothing answers; a certificate that is refused says it by its code. */
function remedy(code: string): string {
  return /^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|ETIMEDOUT|time-out|bad port)/.test(code)
    ? ' Check --url (or METABASE_URL), and that Metabase runs.'
    : '';
}

function ensureSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
