import { timingSafeEqual, createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isFailure } from '@ewallet/failure';
import type { Connector } from './connector';
import type { SinkMetrics } from './metrics';
import { answer, restError, type RestAnswer } from './rest-routes';

const MAX_BODY_BYTES = 1 << 20;

/** Serves the REST API, metrics and health. Close the server that is returned. */
export async function serveRest(
  connector: Connector,
  metrics: SinkMetrics,
  version: string,
): Promise<{ readonly server: Server; readonly url: string }> {
  const { host, port } = connector.config.rest;
  const server = createServer((request, response) => {
    handle(connector, metrics, version, request, response).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      send(response, restError(isFailure(error) && error.kind === 'config_error' ? 400 : 500, text));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return { server, url: `http://${address.address}:${address.port}` };
}

async function handle(
  connector: Connector,
  metrics: SinkMetrics,
  version: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  switch (url.pathname) {
    case '/health/live':
      send(response, { status: 200, body: { status: 'live' } });
      return;
    case '/health/ready':
      send(response, {
        status: connector.isReady ? 200 : 503,
        body: { state: connector.state, ready: connector.isReady },
      });
      return;
    case '/metrics':
      response.writeHead(200, { 'content-type': metrics.registry.contentType });
      response.end(await metrics.registry.metrics());
      return;
  }
  if (!isAllowed(connector, request)) {
    response.setHeader('www-authenticate', 'Basic realm="sink-warehouse"');
    send(response, restError(401, 'User and password are needed'));
    return;
  }
  const path = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const method = request.method ?? 'GET';
  const body = await readBody(request);
  send(response, await answer(connector, { method, path, query: url.searchParams, body }, version));
}

function isAllowed({ config }: Connector, request: IncomingMessage): boolean {
  const { credentials } = config.rest;
  if (credentials === undefined) return true;
  const wanted = `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(wanted), digest(request.headers.authorization ?? ''));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError('the body is too long');
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, { status, body }: RestAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
