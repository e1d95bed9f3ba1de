import { Failure, refuseUnknown, type Json } from '@ewallet/failure';
import { captureKeys, parseCaptureConfig, type CaptureConfig } from './capture-config';
import { parseConnectionConfig, parseTunnel, type ConnectionConfig, type Tunnel } from '@ewallet/postgres';

/** How an incremental stream finds what is new. */
export type ReplicationMethod =
  | { readonly kind: 'lossless' }
  /** Only rows whose cursor lies within the look-back of the last one are looked at, by the cursor's index. */
  | { readonly kind: 'window'; readonly lookBackSeconds: number }
  /** `cursor >= last`, as other sources do: loses rows that commit late. The only way for views and foreign tables. */
  | { readonly kind: 'cursor'; readonly lookBackSeconds: number }
  /** Changes and deletions from the server's write-ahead log. */
  | { readonly kind: 'cdc'; readonly capture: CaptureConfig };

export interface SourceConfig {
  readonly connection: ConnectionConfig;
  readonly schemas: readonly string[];
  readonly tunnel: Tunnel;
  readonly method: ReplicationMethod;
  /** How far before the saved cursor to read again when the saved snapshot cannot be used; undefined: from the start. */
  readonly recoveryLookBackSeconds: number | undefined;
  readonly checkpointRows: number;
  readonly checkpointSeconds: number;
  readonly connectTimeoutSeconds: number;
  /** 0: no limit of ours. */
  readonly statementTimeoutSeconds: number;
}

const keys = [
  'host',
  'port',
  'database',
  'username',
  'password',
  'schemas',
  'ssl_mode',
  'tunnel_method',
  'replication_method',
  'recovery_look_back_seconds',
  'checkpoint_rows',
  'checkpoint_seconds',
  'connect_timeout_seconds',
  'statement_timeout_seconds',
] as const;

/**
 * Parses the configuration of spec.json. An unknown key is an error: a mistyped option must not be ignored silently. It
 * uses no ConfigReader, which takes a number as text: spec.json does not.
 */
export function parseSourceConfig(config: Json): SourceConfig {
  refuseUnknown(config, keys, '');
  return {
    connection: parseConnectionConfig(config),
    schemas: parseSchemas(config.schemas),
    tunnel: parseTunnel(config.tunnel_method),
    method: parseMethod(config.replication_method),
    recoveryLookBackSeconds:
      config.recovery_look_back_seconds === undefined || config.recovery_look_back_seconds === null
        ? undefined
        : wholeNumber(config, 'recovery_look_back_seconds', 0, 0),
    checkpointRows: wholeNumber(config, 'checkpoint_rows', 100_000, 1),
    checkpointSeconds: wholeNumber(config, 'checkpoint_seconds', 30, 1),
    connectTimeoutSeconds: wholeNumber(config, 'connect_timeout_seconds', 10, 1),
    statementTimeoutSeconds: wholeNumber(config, 'statement_timeout_seconds', 0, 0),
  };
}

function parseSchemas(value: unknown): readonly string[] {
  if (value === undefined || value === null) return ['public'];
  const valid =
    Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== '');
  if (!valid) throw Failure.config('`schemas` must be a list of at least one schema name.');
  return [...new Set(value as string[])];
}

function parseMethod(value: unknown): ReplicationMethod {
  if (value === undefined || value === null) return { kind: 'lossless' };
  const object = asObject(value, '`replication_method`');
  refuseUnknown(object, object.method === 'CDC' ? captureKeys : ['method', 'look_back_seconds'], 'replication_method.');
  switch (object.method) {
    case 'Lossless':
    case 'Xmin': // What Airbyte's own PostgreSQL source calls the method nearest to this one.
      return { kind: 'lossless' };
    case 'Window':
      return { kind: 'window', lookBackSeconds: wholeNumber(object, 'look_back_seconds', 86_400, 0) };
    case 'Cursor':
    case 'Standard':
      return { kind: 'cursor', lookBackSeconds: wholeNumber(object, 'look_back_seconds', 0, 0) };
    case 'CDC':
      return { kind: 'cdc', capture: parseCaptureConfig(object) };
    default:
      throw Failure.config('`replication_method.method` must be one of Lossless, CDC, Window, Cursor.');
  }
}

function asObject(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw Failure.config(`${name} must be a JSON object.`);
  }
  return value as Json;
}

function wholeNumber(object: Json, key: string, otherwise: number, least: number): number {
  const value = object[key] ?? otherwise;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    throw Failure.config(`\`${key}\` must be a whole number of at least ${least}.`);
  }
  return value;
}
