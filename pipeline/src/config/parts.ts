import path from 'node:path';
import { ConfigReader, Failure, type Json } from '@ewallet/failure';
import { parseConnectionConfig, parseTunnel, type ConnectionConfig, type Tunnel } from '@ewallet/postgres';

export interface EwalletConfig {
  readonly connection: ConnectionConfig;
  /** Through which it is reached. */
  readonly tunnel: Tunnel;
  /** The source's replication slot; undefined where it does not capture changes. */
  readonly slot: string | undefined;
  readonly openTransactionSeconds: number;
  readonly retainedWalBytes: number;
}

export interface SyncConfig {
  readonly name: string;
  readonly stateDirectory: string;
  readonly maxAgeSeconds: number;
}

export interface AirbyteConfig {
  /** Up to and including the version: `http://localhost:8000/api/public/v1`. */
  readonly url: string;
  readonly connectionId: string;
  readonly credentials:
    | { readonly kind: 'none' }
    | { readonly kind: 'token'; readonly token: string }
    | { readonly kind: 'application'; readonly clientId: string; readonly clientSecret: string };
  readonly maxAgeSeconds: number;
}

export interface SinkConfig {
  readonly name: string;
  readonly groupId: string;
  /** Base URLs of the REST APIs that are known; the others show in the consumer group alone. */
  readonly instances: readonly string[];
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
  readonly lagSeconds: number;
}

export interface DbtConfig {
  /** dbt's target directory. */
  readonly target: string;
  readonly maxAgeSeconds: number;
}

export interface AuditConfig {
  readonly maxAgeSeconds: number;
}

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** @param keys as the source's configuration has them, besides the section's own */
export function parseEwallet(keys: Json): EwalletConfig {
  const reader = new ConfigReader(keys, 'ewallet');
  return {
    connection: parseConnectionConfig(reader),
    tunnel: parseTunnel(reader.optionalObject('tunnel_method')),
    slot: reader.optionalObject('replication_method')?.optionalText('replication_slot'),
    openTransactionSeconds: reader.atLeastZero('open_transaction_seconds', HOUR),
    retainedWalBytes: reader.atLeastZero('retained_wal_bytes', 2 ** 30),
  };
}

export function parseSync(keys: ConfigReader, directory: string, file: string | undefined): SyncConfig {
  const name = keys.text('name', 'ewallet');
  if (file === undefined && keys.value('state_directory') === undefined) {
    throw Failure.config('`sync` needs `config_file`, the configuration of ewallet-sync, or its `state_directory`.');
  }
  return {
    name,
    stateDirectory: path.resolve(directory, keys.text('state_directory', `${name}-state`)),
    maxAgeSeconds: keys.atLeastZero('max_age_seconds', DAY),
  };
}

export function parseAirbyte(keys: ConfigReader | undefined): AirbyteConfig | undefined {
  if (keys === undefined) return undefined;
  const token = keys.optionalText('token');
  const clientId = keys.optionalText('client_id');
  const clientSecret = keys.optionalText('client_secret');
  if ((clientId === undefined) !== (clientSecret === undefined)) {
    throw Failure.config('`airbyte.client_id` and `airbyte.client_secret` go together.');
  }
  return {
    url: keys.text('url').replace(/\/$/, ''),
    connectionId: keys.text('connection_id'),
    credentials:
      token !== undefined
        ? { kind: 'token', token }
        : clientId !== undefined && clientSecret !== undefined
          ? { kind: 'application', clientId, clientSecret }
          : { kind: 'none' },
    maxAgeSeconds: keys.atLeastZero('max_age_seconds', DAY),
  };
}

export function parseSink(keys: ConfigReader): SinkConfig {
  const name = keys.text('name');
  const user = keys.optionalText('user') ?? keys.optionalText('rest.basic.auth.user');
  const password = keys.optionalText('password') ?? keys.optionalText('rest.basic.auth.password');
  return {
    name,
    groupId: keys.text('consumer.override.group.id', `connect-${name}`),
    instances: (instancesOf(keys) ?? restOf(keys)).map((url) => url.replace(/\/$/, '')),
    credentials: user === undefined || password === undefined ? undefined : { user, password },
    lagSeconds: keys.atLeastZero('lag_seconds', 300),
  };
}

function instancesOf(keys: ConfigReader): readonly string[] | undefined {
  const given = keys.value('instances');
  return Array.isArray(given) && given.length === 0 ? undefined : keys.textOrTexts('instances');
}

/** Where the sink's own file says that its REST API is; port 0 is a free one that nobody can know. */
function restOf(keys: ConfigReader): readonly string[] {
  if (keys.value('config_file') === undefined || String(keys.value('rest.enabled')) === 'false') return [];
  const port = Number(keys.value('rest.port') ?? 8083);
  const host = keys.text('rest.host', '127.0.0.1');
  return port === 0 ? [] : [`http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`];
}

export function parseDbt(keys: ConfigReader | undefined, directory: string): DbtConfig | undefined {
  if (keys === undefined) return undefined;
  return {
    target: path.resolve(directory, keys.text('target')),
    maxAgeSeconds: keys.atLeastZero('max_age_seconds', 26 * HOUR),
  };
}

export function parseAudit(keys: ConfigReader | undefined): AuditConfig | undefined {
  return keys === undefined ? undefined : { maxAgeSeconds: keys.atLeastZero('max_age_seconds', 7 * DAY) };
}
