import { timingSafeEqual, createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, type Listening } from '@ewallet/command-line';
import { isFailure } from '@ewallet/failure';
import type { Connector } from './connector';
import type { SinkMetrics } from './metrics';
import { BadRequest, parseTarget, readBody, restError, type RestAnswer } from './rest-request';
import { answer, type Worker } from './rest-routes';

/** Serves the REST API, metrics and health. Close the server that is returned. */
export async function serveRest(connector: Connector, metrics: SinkMetrics, version: string): Promise<Listening> {
  const { host, port } = connector.config.rest;
  const worker = { version, id: `${host}:${port}` };
  const server = createServer((request, response) => {
    handle(connector, metrics, worker, request)
      .catch(answerToError)
      .then((given) => {
        send(response, given);
      }, destroy(response));
  });
  const listening = await listen(server, {
    what: 'The REST API',
    host,
    port,
    remedy: 'set rest.port to a free one (0 takes any), or rest.enabled=false',
  });
  worker.id = `${host}:${listening.port}`; // port 0 takes a free one
  return listening;
}

async function handle(
  connector: Connector,
  metrics: SinkMetrics,
  worker: Worker,
  request: IncomingMessage,
): Promise<RestAnswer> {
  const { path, query } = parseTarget(request.url ?? '/');
  // As Kafka Connect does: HEAD is GET, of which node:http sends no body.
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const open = `${method} /${path.join('/')}`;
  if (open === 'GET /health/live') return { status: 200, body: { status: 'live' } };
  if (open === 'GET /health/ready') {
    const { isReady, state } = connector;
    return { status: isReady ? 200 : 503, body: { state, ready: isReady } };
  }
  if (open === 'GET /metrics') {
    const { registry } = metrics;
    return { status: 200, body: await registry.metrics(), headers: { 'content-type': registry.contentType } };
  }
  if (!isAllowed(connector, request)) {
    const headers = { 'www-authenticate': 'Basic realm="sink-warehouse"' };
    return { ...restError(401, 'User and password are needed'), headers };
  }
  return answer(connector, { method, path, query, body: await readBody(request) }, worker);
}

function answerToError(error: unknown): RestAnswer {
  if (error instanceof BadRequest) return restError(error.status, error.message);
  const text = error instanceof Error ? error.message : String(error);
  // The warehouse or Kafka does not answer: the same request can succeed later.
  return restError(isFailure(error) && error.kind === 'transient_error' ? 503 : 500, text);
}

function isAllowed({ config }: Connector, request: IncomingMessage): boolean {
  const { credentials } = config.rest;
  if (credentials === undefined) return true;
  const wanted = `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(wanted), digest(request.headers.authorization ?? ''));
}

function send(response: ServerResponse, { status, body, headers = {} }: RestAnswer): void {
  const text = body === undefined || typeof body === 'string' ? (body ?? '') : JSON.stringify(body);
  response.writeHead(status, { ...(text === '' ? {} : { 'content-type': 'application/json' }), ...headers });
  response.end(text);
}

function destroy(response: ServerResponse): () => void {
  return () => {
    response.destroy();
  };
}
