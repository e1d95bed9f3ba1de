import type { PostgresConnection } from '@ewallet/local-stack';
import { Client } from 'pg';
import { uniqueName } from './unique-name';

export interface FreshDatabase extends PostgresConnection {
  readonly url: string;
  /** Drops the database, ending whatever is still connected to it. Call it in afterAll. */
  drop(): Promise<void>;
}

/** Creates an empty database of its own for a test file on one of the shared servers. */
export async function freshDatabase(server: PostgresConnection, prefix = 'test'): Promise<FreshDatabase> {
  const database = uniqueName(prefix);
  await administer(server, `create database "${database}"`);
  const { host, port, username, password } = server;
  return {
    host,
    port,
    database,
    username,
    password,
    url: `postgresql://${username}:${password}@${host}:${port}/${database}`,
    drop: async () => administer(server, `drop database if exists "${database}" with (force)`),
  };
}

/** A client of a database, connected. Who asks for it ends it. */
export async function connectedTo(database: PostgresConnection): Promise<Client> {
  const { host, port, database: name, username: user, password } = database;
  const client = new Client({ host, port, database: name, user, password });
  await client.connect();
  return client;
}

async function administer(server: PostgresConnection, sql: string): Promise<void> {
  const client = await connectedTo(server);
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
