import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * The part of an identity provider that a broker and its clients see: a token endpoint for client credentials (RFC 6749)
 * and the public keys (RFC 7517). The broker is the real one and validates the tokens itself.
 */
export class TokenServer {
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly server: Server;

  private constructor(client: { readonly id: string; readonly secret: string; readonly scope: string }) {
    const expected = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const form = new URLSearchParams(Buffer.concat(chunks).toString());
        response.setHeader('content-type', 'application/json');
        if (request.url === '/keys') response.end(JSON.stringify(this.publicKeys()));
        else if (request.headers.authorization !== expected) response.writeHead(401).end('{"error":"invalid_client"}');
        else if (form.get('grant_type') !== 'client_credentials' || form.get('scope') !== client.scope)
          response.writeHead(400).end('{"error":"invalid_scope"}');
        else
          response.end(JSON.stringify({ access_token: this.token(client.id), token_type: 'Bearer', expires_in: 300 }));
      });
    });
  }

  static async start(client: {
    readonly id: string;
    readonly secret: string;
    readonly scope: string;
  }): Promise<TokenServer> {
    const server = new TokenServer(client);
    server.server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  url(path: '/token' | '/keys'): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private publicKeys(): unknown {
    return { keys: [{ ...this.keys.publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'RS256', use: 'sig' }] };
  }

  private token(subject: string): string {
    const now = Math.floor(Date.now() / 1000);
    const unsigned = [
      base64url({ alg: 'RS256', kid: 'test', typ: 'JWT' }),
      base64url({ iss: 'test', sub: subject, aud: 'kafka', scope: 'write', iat: now, exp: now + 300 }),
    ].join('.');
    return `${unsigned}.${createSign('RSA-SHA256').update(unsigned).sign(this.keys.privateKey).toString('base64url')}`;
  }
}
