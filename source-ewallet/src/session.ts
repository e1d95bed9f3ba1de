import type { Client } from 'pg';
import { connect } from '@ewallet/postgres';
import { queryServerIdentity } from './server-state';
import type { ServerIdentity } from './snapshot';
import type { SourceConfig } from './source-config';
import { openTunnel, type OpenTunnel } from './tunnel';

/** A connection to the e-wallet's database, its texts fixed to one form. */
export interface Session {
  readonly client: Client;
  readonly server: ServerIdentity;
  close(): Promise<void>;
}

/** The text forms that the encoder and the JSON schema rest on, whatever the role's or the database's own settings. */
const textForms = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmloption: 'content',
  // A policy that would hide rows makes the statement fail instead of hiding them.
  row_security: 'off',
  lock_timeout: '60s',
  idle_in_transaction_session_timeout: '0',
};

export async function openSession(config: SourceConfig): Promise<Session> {
  const tunnel = await dial(config);
  let client: Client | undefined;
  try {
    client = await connect(config.connection, {
      applicationName: 'source-ewallet',
      connectTimeout: config.connectTimeoutSeconds * 1000,
      statementTimeout: config.statementTimeoutSeconds * 1000,
      settings: textForms,
      ...(tunnel === undefined ? {} : { dial: tunnel }),
    });
    const server = await queryServerIdentity(client);
    return { client, server, close: () => end(client, tunnel) };
  } catch (error) {
    await end(client, tunnel);
    throw error;
  }
}

async function dial(config: SourceConfig): Promise<OpenTunnel | undefined> {
  if (config.tunnel.kind === 'none') return undefined;
  return openTunnel(config.tunnel, config.connection, config.connectTimeoutSeconds);
}

async function end(client: Client | undefined, tunnel: OpenTunnel | undefined): Promise<void> {
  try {
    await client?.end();
  } finally {
    await tunnel?.close();
  }
}
