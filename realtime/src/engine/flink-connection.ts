import { authorization, type RegistryCredentials } from '@ewallet/avro';
import { Failure, type Json } from '@ewallet/failure';
import { rootCause, type FlinkReader } from '@ewallet/flink';

const ANSWER_MS = 15_000;

/** HTTP to a JobManager, or to the proxy in front of it. */
export class FlinkConnection implements FlinkReader {
  constructor(
    private readonly url: string,
    private readonly credentials: RegistryCredentials,
  ) {}

  async get(path: string): Promise<Json> {
    return this.send('GET', path, undefined, ANSWER_MS);
  }

  async post(path: string, body: unknown, timeoutMs = ANSWER_MS): Promise<Json> {
    return this.send('POST', path, { json: body }, timeoutMs);
  }

  async delete(path: string): Promise<Json> {
    return this.send('DELETE', path, undefined, ANSWER_MS);
  }

  async upload(path: string, name: string, content: Buffer): Promise<Json> {
    const form = new FormData();
    form.append('jarfile', new Blob([new Uint8Array(content)], { type: 'application/x-java-archive' }), name);
    return this.send('POST', path, { form }, ANSWER_MS);
  }

  private async send(
    method: string,
    path: string,
    content: { readonly json: unknown } | { readonly form: FormData } | undefined,
    timeoutMs: number,
  ): Promise<Json> {
    const headers = new Headers(authorization(this.credentials));
    if (content !== undefined && 'json' in content) headers.set('content-type', 'application/json');
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        headers,
        signal: AbortSignal.timeout(timeoutMs),
        ...(content === undefined ? {} : { body: 'form' in content ? content.form : JSON.stringify(content.json) }),
      });
      text = await response.text();
    } catch (error) {
      throw Failure.transient(`Flink's REST API at ${this.url} does not answer. Is the cluster up?`, { cause: error });
    }
    if (response.ok) return parse(text) ?? {};
    if (response.status === 401 || response.status === 403) {
      throw Failure.config(
        `Flink's REST API at ${this.url} refuses the login (HTTP ${response.status}): correct \`username\` and \`password\`, or \`bearer_token\`, in \`cluster\`.`,
      );
    }
    const errors = parse(text)?.errors;
    const cause = rootCause(Array.isArray(errors) ? errors.join('\n') : undefined);
    throw Failure.transient(
      `Flink's REST API at ${this.url} answered ${method} ${path} with HTTP ${response.status}${cause === undefined ? '.' : `: ${cause}`}`,
    );
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined; // A proxy answers in HTML.
  }
}
