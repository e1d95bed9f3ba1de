import type { Client } from 'pg';
import {
  connect,
  durationSetting,
  exactSettings,
  failureFromPostgres,
  inTransaction,
  openTunnel,
  type ConnectionConfig,
  type OpenTunnel,
  type TransactionOptions,
} from '@ewallet/postgres';
import { queryServerIdentity } from './server-state';
import type { ServerIdentity } from '../position/snapshot';
import type { SourceConfig } from '../config/source-config';

/** A connection to the e-wallet's database, and how each of its transactions begins. */
export interface Session {
  readonly client: Client;
  /** Nothing is asked outside such a transaction: a pooler may lend another server, with other settings, for the next. */
  readonly transaction: TransactionOptions;
  close(): Promise<void>;
}

/** The text forms that the encoder and the JSON schema rest on, and none of the time-outs made for an application's queries. */
function readingTransaction(config: SourceConfig): TransactionOptions {
  return {
    mode: 'isolation level repeatable read read only',
    settings: {
      ...exactSettings,
      lock_timeout: '1min',
      idle_in_transaction_session_timeout: '0',
      // As pg_dump does: a role's own limit counts the time the destination takes for what it was given.
      statement_timeout: durationSetting(config.statementTimeoutSeconds * 1000),
    },
  };
}

export async function openSession(config: SourceConfig): Promise<Session> {
  const tunnel = await dial(config);
  let client: Client | undefined;
  try {
    client = await connect(through(tunnel, config), {
      applicationName: 'source-ewallet',
      connectTimeout: config.connectTimeoutSeconds * 1000,
      oneServer: true,
    });
    const transaction = await forVersion(client, readingTransaction(config));
    return { client, transaction, close: () => end(client, tunnel) };
  } catch (error) {
    await end(client, tunnel);
    const { host, port, database, username } = config.connection;
    throw failureFromPostgres(error, { what: `Could not use ${host}:${port}/${database}`, role: username });
  }
}

/** For change data capture, which is one server's: its settings hold outside transactions too. */
export async function openCaptureSession(config: SourceConfig): Promise<Session & { readonly server: ServerIdentity }> {
  const tunnel = await dial(config);
  let client: Client | undefined;
  try {
    client = await connectForCapture(config, tunnel, { oneServer: true });
    const transaction = await forVersion(client, readingTransaction(config));
    const opened = client;
    const server = await inTransaction(opened, transaction, () => queryServerIdentity(opened));
    return { client, transaction, server, close: () => end(opened, tunnel) };
  } catch (error) {
    await end(client, tunnel);
    throw error;
  }
}

/** A replication connection in the same text forms: what it streams is written like what is copied. */
export async function openReplication(config: SourceConfig): Promise<Connected> {
  return connected(config, (tunnel) => connectForCapture(config, tunnel, { replication: true }));
}

/** For one question to the server beside what runs: no attempt is made twice, and nothing is set. */
export async function openLook(config: SourceConfig): Promise<Connected> {
  return connected(config, (tunnel) =>
    connect(through(tunnel, config), {
      applicationName: 'source-ewallet',
      connectTimeout: config.connectTimeoutSeconds * 1000,
      retries: 0,
    }),
  );
}

type Connected = Pick<Session, 'client' | 'close'>;

async function connected(
  config: SourceConfig,
  open: (tunnel: OpenTunnel | undefined) => Promise<Client>,
): Promise<Connected> {
  const tunnel = await dial(config);
  try {
    const client = await open(tunnel);
    return { client, close: () => end(client, tunnel) };
  } catch (error) {
    await tunnel?.close();
    throw error;
  }
}

function connectForCapture(
  config: SourceConfig,
  tunnel: OpenTunnel | undefined,
  kind: { readonly replication: true } | { readonly oneServer: true },
): Promise<Client> {
  return connect(through(tunnel, config), {
    applicationName: 'source-ewallet',
    connectTimeout: config.connectTimeoutSeconds * 1000,
    statementTimeout: config.statementTimeoutSeconds * 1000,
    settings: exactSettings,
    ...kind,
  });
}

/** PostgreSQL 17 has one time-out more, which a role may have. */
async function forVersion(client: Client, transaction: TransactionOptions): Promise<TransactionOptions> {
  const { rows } = await inTransaction(client, transaction, () =>
    client.query<{ server_version_num: string }>('show server_version_num'),
  );
  if (Number(rows[0]?.server_version_num) < 170_000) return transaction;
  return { ...transaction, settings: { ...transaction.settings, transaction_timeout: '0' } };
}

/**
 * Names inside the functions that a view calls are the view's affair, and mostly rest on the role's search path: it comes
 * after pg_catalog for the rest of the transaction.
 */
export async function appendRolePath(client: Client): Promise<void> {
  await client.query('set local search_path to default');
  const { rows } = await client.query<{ search_path: string }>('show search_path');
  const path = ['pg_catalog', rows[0]?.search_path ?? ''].filter(Boolean).join(', ');
  await client.query(`select pg_catalog.set_config('search_path', $1, true)`, [path]);
}

async function dial(config: SourceConfig): Promise<OpenTunnel | undefined> {
  if (config.tunnel.kind === 'none') return undefined;
  return openTunnel(config.tunnel, config.connection, config.connectTimeoutSeconds);
}

function through(tunnel: OpenTunnel | undefined, { connection }: SourceConfig): ConnectionConfig {
  return tunnel === undefined ? connection : { ...connection, dial: tunnel };
}

/** Milliseconds that a server has to close a connection; one that is frozen never does. */
const LEAVE = 5_000;

async function end(client: Client | undefined, tunnel: OpenTunnel | undefined): Promise<void> {
  const timer = setTimeout(() => client?.connection.stream.destroy(), LEAVE);
  try {
    await client?.end();
  } finally {
    clearTimeout(timer);
    await tunnel?.close();
  }
}
