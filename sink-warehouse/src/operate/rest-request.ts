import type { IncomingMessage } from 'node:http';

export interface RestRequest {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface RestAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Kafka Connect's form of an error. */
export function restError(status: number, message: string): RestAnswer {
  return { status, body: { error_code: status, message } };
}

/** The request is wrong, not the connector. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';

  constructor(
    readonly status: 400 | 404 | 413,
    message: string,
  ) {
    super(message);
  }
}

const MAX_BODY_BYTES = 1 << 20;
/** What is read and thrown away of a body that is too long, so that the caller sees the answer and no broken connection. */
const MAX_DISCARDED_BYTES = 1 << 26;

/**
 * The path's parts, decoded, and the query. Not by `URL`, which takes `//x` for a host.
 *
 * @throws BadRequest for escapes that are no UTF-8, and for empty parts
 */
export function parseTarget(target: string): { readonly path: readonly string[]; readonly query: URLSearchParams } {
  const [before = '', after = ''] = target.split(/\?(.*)/s, 2);
  if (!before.startsWith('/')) throw new BadRequest(400, 'The request target must be a path.');
  const parts = before.slice(1).split('/');
  if (parts.at(-1) === '') parts.pop();
  if (parts.includes('')) throw new BadRequest(404, 'HTTP 404 Not Found');
  try {
    return { path: parts.map(decodeURIComponent), query: new URLSearchParams(after) };
  } catch {
    throw new BadRequest(400, 'The path has an escape that is no UTF-8.');
  }
}

/**
 * The body as JSON; undefined where there is none.
 *
 * @throws BadRequest when it is longer than 1 MiB or no JSON
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > MAX_DISCARDED_BYTES) break;
  }
  if (bytes > MAX_BODY_BYTES) throw new BadRequest(413, `The body is longer than ${MAX_BODY_BYTES} bytes.`);
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    throw new BadRequest(400, 'The body is not JSON.');
  }
}
