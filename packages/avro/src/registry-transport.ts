import * as http from 'node:http';
import * as https from 'node:https';

/** TLS material as PEM text. */
export interface RegistryTls {
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly keyPassphrase?: string | undefined;
  /** False only where the user asked for it. */
  readonly rejectUnauthorized?: boolean | undefined;
}

export type RegistryCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string };

export interface RegistryOptions {
  /** Base URL, with the path that precedes `/subjects`: Apicurio's is `…/apis/ccompat/v7`. */
  readonly url: string;
  readonly credentials?: RegistryCredentials;
  readonly tls?: RegistryTls;
  /** Milliseconds for one request; default 15 000. */
  readonly timeoutMs?: number;
  /** Attempts for transient failures, the first one included; default 6, which is about 6 seconds. */
  readonly attempts?: number;
}

export interface RegistryAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The header of HTTP that a login is sent in; none where there is no login. */
export function authorization(credentials: RegistryCredentials): Record<string, string> {
  switch (credentials.kind) {
    case 'none':
      return {};
    case 'basic': {
      const pair = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
      return { authorization: `Basic ${pair}` };
    }
    case 'bearer':
      return { authorization: `Bearer ${credentials.token}` };
    default:
      return credentials satisfies never;
  }
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** HTTP to one registry, with keep-alive. `fetch` is no choice here: it takes no CA or client certificate. */
export class RegistryTransport {
  private readonly base: URL;
  private readonly options: RegistryOptions;
  private readonly agent: http.Agent;

  constructor(options: RegistryOptions) {
    this.base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`);
    this.options = options;
    const { tls = {} } = options;
    this.agent =
      this.base.protocol === 'https:'
        ? new https.Agent({
            keepAlive: true,
            ca: tls.ca,
            cert: tls.certificate,
            key: tls.key,
            passphrase: tls.keyPassphrase,
            rejectUnauthorized: tls.rejectUnauthorized ?? true,
          })
        : new http.Agent({ keepAlive: true });
  }

  /** @param path relative to the base URL, each segment already encoded */
  request(method: string, path: string, body?: unknown): Promise<RegistryAnswer> {
    const url = new URL(path, this.base);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const { request } = url.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
      const sent = request(
        url,
        {
          method,
          agent: this.agent,
          timeout: this.options.timeoutMs ?? 15_000,
          headers: {
            accept: 'application/vnd.schemaregistry.v1+json, application/json',
            ...(payload === undefined
              ? {}
              : {
                  'content-type': 'application/vnd.schemaregistry.v1+json',
                  'content-length': Buffer.byteLength(payload),
                }),
            ...authorization(this.options.credentials ?? { kind: 'none' }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: parseBody(Buffer.concat(chunks).toString('utf8')) });
          });
        },
      );
      sent.on('timeout', () => sent.destroy(new Error('timed out')));
      sent.on('error', reject);
      sent.end(payload);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
