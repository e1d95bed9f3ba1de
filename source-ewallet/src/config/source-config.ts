import { ConfigReader, Failure, type Json } from '@ewallet/failure';
import {
  parseConnectionConfig,
  parseSchemas,
  parseTunnel,
  type ConnectionConfig,
  type Tunnel,
} from '@ewallet/postgres';
import { captureKeys, parseCaptureConfig, type CaptureConfig } from './capture-config';

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

/** Parses the configuration of spec.json. An unknown key is an error: a mistyped option must not be ignored silently. */
export function parseSourceConfig(json: Json): SourceConfig {
  const config = new ConfigReader(json, '');
  config.only(...keys);
  return {
    connection: parseConnectionConfig(config),
    schemas: parseSchemas(config),
    tunnel: parseTunnel(config.optionalObject('tunnel_method')),
    method: parseMethod(config.optionalObject('replication_method')),
    recoveryLookBackSeconds: config.optionalNumber('recovery_look_back_seconds', { min: 0 }),
    checkpointRows: config.number('checkpoint_rows', 100_000, { min: 1 }),
    checkpointSeconds: config.number('checkpoint_seconds', 30, { min: 1 }),
    connectTimeoutSeconds: config.number('connect_timeout_seconds', 10, { min: 1 }),
    statementTimeoutSeconds: config.number('statement_timeout_seconds', 0, { min: 0 }),
  };
}

function parseMethod(config: ConfigReader | undefined): ReplicationMethod {
  if (config === undefined) return { kind: 'lossless' };
  const method = config.value('method');
  config.only(...(method === 'CDC' ? captureKeys : ['method', 'look_back_seconds']));
  const lookBackSeconds = (otherwise: number): number => config.number('look_back_seconds', otherwise, { min: 0 });
  switch (method) {
    case 'Lossless':
    case 'Xmin': // What Airbyte's own PostgreSQL source calls the method nearest to this one.
      return { kind: 'lossless' };
    case 'Window':
      return { kind: 'window', lookBackSeconds: lookBackSeconds(86_400) };
    case 'Cursor':
    case 'Standard':
      return { kind: 'cursor', lookBackSeconds: lookBackSeconds(0) };
    case 'CDC':
      return { kind: 'cdc', capture: parseCaptureConfig(config) };
    default:
      throw Failure.config('`replication_method.method` must be one of Lossless, CDC, Window, Cursor.');
  }
}
