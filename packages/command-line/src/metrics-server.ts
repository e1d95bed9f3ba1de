import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type Listening } from './listen';

export interface Readiness {
  readonly ok: boolean;
  readonly body: object;
}

/** What a program shows of itself to machines. */
export interface Shown {
  /** In Prometheus' text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Whether it does its work, and what a person asks then. */
  ready(): Readiness | Promise<Readiness>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Serves `/metrics`, `/health/live` (200 while the process runs) and `/health/ready` (200, or 503 where `ready` says no).
 * Nothing can be changed through it.
 *
 * @throws Failure where the address cannot be listened on
 */
export async function serveMetrics(shown: Shown, host: string, port: number): Promise<Listening> {
  const server = createServer((request, response) => {
    answer(shown, request)
      .catch((error: unknown) => json(500, { error: error instanceof Error ? error.message : String(error) }))
      .then(
        (given) => {
          send(response, given);
        },
        () => {
          response.destroy();
        },
      );
  });
  return listen(server, { what: 'The metrics', host, port, remedy: 'give --metrics-port a free one (0 takes any)' });
}

async function answer(shown: Shown, { method, url = '/' }: IncomingMessage): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'Only GET is answered here' });
  switch (url.split('?')[0]) {
    case '/metrics': {
      const { contentType, text } = await shown.metrics();
      return { status: 200, type: contentType, body: text };
    }
    case '/health/live':
      return json(200, { status: 'live' });
    case '/health/ready': {
      const { ok, body } = await shown.ready();
      return json(ok ? 200 : 503, body);
    }
    default:
      return json(404, { error: 'Known paths are /metrics, /health/live and /health/ready' });
  }
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}
