import * as http from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';

/** The login that every gateway takes. */
export const REGISTRAR = { username: 'registrar', password: 'registry-secret' } as const;

const BASIC = `Basic ${Buffer.from(`${REGISTRAR.username}:${REGISTRAR.password}`).toString('base64')}`;

/**
 * A real registry behind TLS and a login, as a gateway puts it; whoever starts it closes it.
 *
 * @param target URL of the registry; paths asked for come behind its own
 * @param also `authorization` headers that are let in beside the registrar's
 */
export async function startRegistryGateway(
  tls: ServerOptions,
  target: string,
  also: readonly string[] = [],
): Promise<Server> {
  const accepted: ReadonlySet<string> = new Set([BASIC, ...also]);
  const server = createServer(tls, (request, response) => {
    if (!accepted.has(request.headers.authorization ?? '')) {
      response.writeHead(401).end();
      return;
    }
    const { hostname, port, pathname } = new URL(target);
    const { method, headers } = request;
    const forwarded = http.request(
      { hostname, port, path: pathname + String(request.url), method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
