import { setTimeout as pause } from 'node:timers/promises';
import { asFailure, Failure } from '@ewallet/failure';
import { list, record, text } from './answers';
import { isRecord, type JsonObject } from './json';

interface ClientOptions {
  /** Up to and including the version: `http://localhost:8000/api/public/v1`, `https://api.airbyte.com/v1`. */
  readonly url: string;
  readonly authentication: Authentication;
  readonly timeoutMs: number;
  /** Waits between tries of a request that failed for a passing reason. */
  readonly retryDelaysMs: readonly number[];
}

export type Authentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'application'; readonly clientId: string; readonly clientSecret: string };

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH';

/** As many as Airbyte's lists give at once. */
const PAGE_SIZE = 100;

/** Requests to Airbyte's public API: authentication, retries, pages and errors. */
export class AirbyteClient {
  private token: string | undefined;

  constructor(private readonly options: ClientOptions) {}

  async get(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const parameters = new URLSearchParams(query).toString();
    return this.request('GET', parameters === '' ? path : `${path}?${parameters}`);
  }

  async send(method: 'POST' | 'PUT' | 'PATCH', path: string, body: JsonObject): Promise<unknown> {
    return this.request(method, path, body);
  }

  /** Every item of a paged list. */
  async all(path: string, query: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
    const items: unknown[] = [];
    for (;;) {
      const page = record(
        await this.get(path, { ...query, limit: String(PAGE_SIZE), offset: String(items.length) }),
        'list',
      );
      const data = list(page.data, 'data');
      items.push(...data);
      if (data.length < PAGE_SIZE) return items;
    }
  }

  private async request(method: Method, path: string, body?: JsonObject): Promise<unknown> {
    let renewed = false;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await this.exchange(method, path, body, await this.authorization());
        if (response.status === 401 && this.options.authentication.kind === 'application' && !renewed) {
          // An application's token lives minutes, less than a slow schema discovery.
          renewed = true;
          this.token = undefined;
          continue;
        }
        return await answer(response, method, path);
      } catch (error) {
        const failure = asFailure(error);
        const delay = this.options.retryDelaysMs[attempt];
        // A POST may have been carried out although its answer was lost: trying again could create a second one.
        if (failure.kind !== 'transient_error' || delay === undefined || method === 'POST') throw failure;
        await pause(delay);
      }
    }
  }

  private async authorization(): Promise<string | undefined> {
    const { authentication } = this.options;
    switch (authentication.kind) {
      case 'none':
        return undefined;
      case 'token':
        return authentication.token;
      case 'application': {
        this.token ??= await this.applicationToken(authentication.clientId, authentication.clientSecret);
        return this.token;
      }
      default:
        return authentication satisfies never;
    }
  }

  private async applicationToken(clientId: string, clientSecret: string): Promise<string> {
    const path = '/applications/token';
    const response = await this.exchange(
      'POST',
      path,
      // Airbyte's API document requires `grant_type` and declares `grant-type`; servers differ in which they read.
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_type: 'client_credentials',
        'grant-type': 'client_credentials',
      },
      undefined,
    );
    return text(record(await answer(response, 'POST', path), 'token'), 'access_token');
  }

  private async exchange(
    method: Method,
    path: string,
    body: JsonObject | undefined,
    token: string | undefined,
  ): Promise<Response> {
    try {
      return await fetch(`${this.options.url.replace(/\/$/, '')}${path}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.options.timeoutMs),
      });
    } catch (error) {
      throw Failure.transient(`Airbyte at ${this.options.url} does not answer ${method} ${path}.`, { cause: error });
    }
  }
}

async function answer(response: Response, method: Method, path: string): Promise<unknown> {
  const content = await response.text();
  let body: unknown;
  try {
    body = content === '' ? undefined : JSON.parse(content);
  } catch {
    body = undefined;
  }
  if (response.ok) return body;
  const reason = [reasonOf(body), `HTTP ${response.status}`].filter((part) => part !== undefined).join(', ');
  const message = `Airbyte refused ${method} ${path.split('?')[0] ?? path}: ${reason}.`;
  if (response.status === 401 || response.status === 403) {
    throw Failure.config(`${message} Check the client id and secret, and that the application may edit the workspace.`);
  }
  if (response.status === 429 || response.status >= 500) throw Failure.transient(message);
  throw Failure.config(message);
}

/** Airbyte answers RFC 7807 problems whose useful sentence is in `data.message` or `detail`. */
function reasonOf(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined;
  const data = isRecord(body.data) ? body.data : {};
  return [data.message, body.detail, body.title, body.message].find((part) => typeof part === 'string');
}
