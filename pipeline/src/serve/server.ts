import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type Listening } from '@ewallet/command-line';
import { worst, type Line } from '../verdict/verdict';
import { metricsOf } from './metrics';

/** Scrapes of several Prometheus servers, and probes, share a look that is no older than this. */
const KEPT_MS = 1_000;

interface Look {
  readonly lines: readonly Line[];
  readonly seconds: number;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Serves the status to machines: `/metrics`, `/health/live`, and `/health/ready`, which is 503 with the findings while a hop is
 * down. Every hop is asked when somebody asks, so that what is shown is so.
 *
 * @param now milliseconds of a clock that only counts on
 * @throws Failure where the address cannot be listened on
 */
export async function serveStatus(
  look: () => Promise<readonly Line[]>,
  now: () => number,
  host: string,
  port: number,
): Promise<Listening> {
  const latest = shared(look, now);
  const server = createServer((request, response) => {
    answer(latest, request)
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

function shared(look: () => Promise<readonly Line[]>, now: () => number): () => Promise<Look> {
  let taken: { readonly at: number; readonly look: Promise<Look> } | undefined;
  return () => {
    const at = now();
    if (taken === undefined || at - taken.at > KEPT_MS) {
      taken = { at, look: look().then((lines) => ({ lines, seconds: (now() - at) / 1_000 })) };
    }
    return taken.look;
  };
}

async function answer(latest: () => Promise<Look>, { method, url = '/' }: IncomingMessage): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'Only GET is answered here' });
  switch (url.split('?')[0]) {
    case '/metrics': {
      const { lines, seconds } = await latest();
      const { contentType, text } = await metricsOf(lines, seconds);
      return { status: 200, type: contentType, body: text };
    }
    case '/health/live':
      return json(200, { status: 'live' });
    case '/health/ready': {
      const { lines } = await latest();
      const verdict = worst(lines.map((line) => line.verdict));
      const findings = lines.flatMap(({ hop, subject, findings }) =>
        findings.map(({ code, says, next }) => ({ hop, subject, code, says, next })),
      );
      return json(verdict === 'down' ? 503 : 200, { verdict, findings });
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
