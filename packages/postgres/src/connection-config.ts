import { Failure, type Json } from '@ewallet/failure';
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
export function parseConnectionConfig(config: unknown): ConnectionConfig {
  const object = asObject(config, 'The configuration');
  const port = object.port ?? 5432;
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw Failure.config('`port` must be a whole number from 1 to 65535.');
  }
  return {
    host: requiredText(object, 'host'),
    port,
    database: requiredText(object, 'database'),
    username: requiredText(object, 'username'),
    password: optionalText(object, 'password'),
    ssl: parseSslMode(object.ssl_mode ?? { mode: 'prefer' }),
  };
}

/** `{mode, ca_certificate, client_certificate, client_key, client_key_password}`. */
export function parseSslMode(value: unknown): SslMode {
  const object = asObject(typeof value === 'string' ? { mode: value } : value, '`ssl_mode`');
  const mode = sslModeNames.find((name) => name === object.mode);
  if (mode === undefined) {
    throw Failure.config(`\`ssl_mode.mode\` must be one of ${sslModeNames.join(', ')}.`);
  }
  const certificate = {
    clientCertificate: optionalText(object, 'client_certificate'),
    clientKey: optionalText(object, 'client_key'),
    clientKeyPassword: optionalText(object, 'client_key_password'),
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
      return { mode, caCertificate: optionalText(object, 'ca_certificate'), ...certificate };
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
  return parseConnectionConfig({
    host: [decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''), parameter('host')].find(Boolean) ?? 'localhost',
    port: url.port === '' ? 5432 : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)) || username,
    username,
    ...(password === undefined ? {} : { password }),
    ssl_mode: { mode: parameter('sslmode') ?? 'prefer' },
  });
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

function asObject(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw Failure.config(`${name} must be a JSON object.`);
  }
  return value as Json;
}

function requiredText(object: Json, key: string): string {
  const value = optionalText(object, key);
  if (value === undefined) throw Failure.config(`\`${key}\` is missing.`);
  return value;
}

function optionalText(object: Json, key: string): string | undefined {
  const value = object[key];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw Failure.config(`\`${key}\` must be text.`);
  return value;
}
