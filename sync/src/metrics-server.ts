import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type Listening } from '@ewallet/command-line';
import type { SyncMetrics } from './metrics';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Serves `/metrics`, `/health/live` (200 while the process runs) and `/health/ready` (200, or 503 with the reason while the
 * last attempt failed or nothing is followed). Nothing in it is secret, and nothing can be changed through it.
 *
 * @throws Failure where the address cannot be listened on
 */
export async function serveMetrics(metrics: SyncMetrics, host: string, port: number): Promise<Listening> {
  const server = createServer((request, response) => {
    void answer(metrics, request).then(
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

async function answer(metrics: SyncMetrics, { method, url = '/' }: IncomingMessage): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'Only GET is answered here' });
  switch (url.split('?')[0]) {
    case '/metrics': {
      const { registry } = metrics;
      return { status: 200, type: registry.contentType, body: await registry.metrics() };
    }
    case '/health/live':
      return json(200, { status: 'live' });
    case '/health/ready': {
      const { health } = metrics;
      return health.ok ? json(200, { ready: true }) : json(503, { ready: false, reason: health.message });
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
