import { ConfigReader, Failure } from '@ewallet/failure';
import { sslModeNames, type SslMode } from './ssl-mode';

/** Where a PostgreSQL server is and who asks. */
export interface ConnectionConfig {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string | undefined;
  readonly ssl: SslMode;
  /** Where to dial when that is not the server's own address (a tunnel's end); certificates are still checked by name. */
  readonly dial?: { readonly host: string; readonly port: number };
}

/** `{host, port, database, username, password, ssl_mode}` as Airbyte's PostgreSQL connectors name them. */
export function parseConnectionConfig(config: ConfigReader): ConnectionConfig {
  return {
    host: config.text('host'),
    port: config.number('port', 5432, { min: 1, max: 65_535 }),
    database: config.text('database'),
    username: config.text('username'),
    password: config.optionalText('password'),
    ssl: parseSslMode(config),
  };
}

/** `schemas`: where tables are looked up. */
export function parseSchemas(config: ConfigReader): readonly string[] {
  return config.distinctTexts('schemas', 'schema name') ?? ['public'];
}

/** `{mode, ca_certificate, client_certificate, client_key, client_key_password}`, or the mode alone. */
function parseSslMode(config: ConfigReader): SslMode {
  const keys = config.objectOrText('ssl_mode', 'mode');
  if (keys === undefined) return { mode: 'prefer' };
  const mode = keys.requiredOneOf('mode', sslModeNames);
  const certificate = {
    clientCertificate: keys.optionalText('client_certificate'),
    clientKey: keys.optionalText('client_key'),
    clientKeyPassword: keys.optionalText('client_key_password'),
  };
  if ((certificate.clientCertificate === undefined) !== (certificate.clientKey === undefined)) {
    throw Failure.config('`ssl_mode` needs both `client_certificate` and `client_key`, or neither.');
  }
  switch (mode) {
    case 'disable':
    case 'allow':
    case 'prefer':
      return { mode };
    case 'require':
      return { mode, ...certificate };
    case 'verify-ca':
    case 'verify-full':
      return { mode, caCertificate: keys.optionalText('ca_certificate'), ...certificate };
  }
}

/** `postgresql://user:password@host:port/database?sslmode=require`, as libpq and JDBC (`jdbc:postgresql://`) write it. */
export function parseConnectionUrl(text: string): ConnectionConfig {
  const url = parseUrl(text.replace(/^jdbc:/, ''));
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const username = decodeURIComponent(url.username) || parameter('user');
  if (username === undefined)
    throw Failure.config('The connection URL names no user: postgresql://user:password@host/db');
  const password = decodeURIComponent(url.password) || parameter('password');
  const keys = {
    host: [decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''), parameter('host')].find(Boolean) ?? 'localhost',
    port: url.port === '' ? 5432 : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)) || username,
    username,
    ...(password === undefined ? {} : { password }),
    ssl_mode: { mode: parameter('sslmode') ?? 'prefer' },
  };
  return parseConnectionConfig(new ConfigReader(keys, ''));
}

/**
 * A connection as Kafka Connect's JDBC sink writes it, for every part that reads the sink's file.
 *
 * @param url `connection.url`, which may name the user and the password itself
 * @param user `connection.user`; a user in the URL wins
 * @param password `connection.password`; wins over one in the URL
 */
export function parseConnectKeys(
  url: string,
  user: string | undefined,
  password: string | undefined,
): ConnectionConfig {
  const named = user === undefined ? url : withUser(url, user);
  const connection = parseConnectionUrl(named);
  return password === undefined ? connection : { ...connection, password };
}

function withUser(url: string, user: string): string {
  return url.replace(/^((?:jdbc:)?postgres(?:ql)?:\/\/)(?![^/]*@)/, `$1${encodeURIComponent(user)}@`);
}

function parseUrl(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === 'postgresql:' || url.protocol === 'postgres:') return url;
  } catch {
    // Told below: the text itself may hold a password and is never shown.
  }
  throw Failure.config('The connection URL must look like postgresql://user:password@host:5432/database.');
}
