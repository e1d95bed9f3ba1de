import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig, type QueryResult } from 'pg';
import type { ConnectionConfig } from './connection-config';
import { refuseLoadBalancer } from './load-balancer';
import { keepFirstCause } from './lost-connection';
import { durationSetting, setAndShow, verifyShown, type SessionSettings } from './session-settings';
import { isTransientPostgresError, failureFromPostgres, sqlStateOf } from './sqlstate';
import { tlsAttempts } from './ssl-mode';

export interface ConnectOptions {
  /** Shown in pg_stat_activity, so that an administrator knows whose session it is. */
  readonly applicationName: string;
  /** Milliseconds for one attempt to connect. */
  readonly connectTimeout?: number;
  /** How often a transient fault at connect is tried again; with backoff. */
  readonly retries?: number;
  /** First wait between attempts, in milliseconds; doubles each time. */
  readonly backoff?: number;
  /** Milliseconds the server lets one statement run; 0 or absent for no limit of ours. */
  readonly statementTimeout?: number;
  /**
   * Settings of the whole session, read back once set: for a session that is one server's from its start to its end.
   * Behind a pooler that lends a server for one transaction only, give them to `beginTransaction` instead.
   */
  readonly settings?: SessionSettings;
  /** A connection that also takes replication commands, to the configured database; statements without parameters only. */
  readonly replication?: boolean;
  /** Refuses Pgpool-II that spreads the statements of a transaction over servers: for what rests on one snapshot or one lock. */
  readonly oneServer?: true;
}

/**
 * A connected client; the caller ends it.
 *
 * @throws Failure with the remedy. Transient faults were retried.
 */
export async function connect(config: ConnectionConfig, options: ConnectOptions): Promise<Client> {
  const retries = options.retries ?? 4;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await connectOnce(config, options);
    } catch (error) {
      if (attempt >= retries || !isTransientPostgresError(error)) {
        throw failureFromPostgres(error, {
          what: `Could not connect to ${config.host}:${config.port}/${config.database} as ${config.username}`,
          role: config.username,
        });
      }
      await sleep((options.backoff ?? 250) * 2 ** attempt);
    }
  }
}

async function connectOnce(config: ConnectionConfig, options: ConnectOptions): Promise<Client> {
  const attempts = tlsAttempts(config.ssl, config.host);
  let last: unknown;
  for (const ssl of attempts) {
    const client = new Client({ ...clientConfig(config, options), ssl });
    keepFirstCause(client);
    try {
      await client.connect();
      if (options.oneServer === true) await refuseLoadBalancer(client);
      await setSession(client, options);
      return client;
    } catch (error) {
      last = error;
      // Not `end`: where TLS 1.3 tells a refused client certificate after its handshake, `pg` waits for ever.
      client.connection.stream.destroy();
      if (!otherTlsMayHelp(error)) break;
    }
  }
  throw last;
}

/** libpq's rule for allow and prefer: a refusal by pg_hba.conf or by the TLS layer leads to the other way of connecting. */
function otherTlsMayHelp(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== undefined) return state === '28000';
  return error instanceof Error && /SSL|TLS|tls|ssl/.test(error.message);
}

/** By statements and not at the start of the connection, where poolers refuse `options` or leave it out in silence. */
async function setSession(client: Client, options: ConnectOptions): Promise<void> {
  const settings: SessionSettings = {
    ...options.settings,
    ...(options.statementTimeout === undefined ? {} : { statement_timeout: durationSetting(options.statementTimeout) }),
  };
  if (Object.keys(settings).length === 0) return;
  const results: unknown = await client.query(setAndShow(settings, 'session').join('; '));
  verifyShown(settings, results as readonly QueryResult[]);
}

function clientConfig(config: ConnectionConfig, options: ConnectOptions): ClientConfig {
  return {
    host: config.dial?.host ?? config.host,
    port: config.dial?.port ?? config.port,
    database: config.database,
    user: config.username,
    ...(config.password === undefined ? {} : { password: config.password }),
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeout ?? 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // The driver knows it and its type does not.
    ...(options.replication === true ? { replication: 'database' } : {}),
  };
}
