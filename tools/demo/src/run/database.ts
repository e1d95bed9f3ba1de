import { ConfigReader } from '@ewallet/failure';
import { connect, parseConnectionConfig } from '@ewallet/postgres';
import type { PostgresConnection } from '@ewallet/stack-connections';
import type { Client } from 'pg';

/** A session on one of the demo's own servers, which speak no TLS; whoever asks for it ends it. */
export async function connected(server: PostgresConnection): Promise<Client> {
  const config = parseConnectionConfig(new ConfigReader({ ...server, ssl_mode: { mode: 'disable' } }, ''));
  return connect(config, { applicationName: 'ewallet-demo' });
}

export async function withDatabase<T>(server: PostgresConnection, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connected(server);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
