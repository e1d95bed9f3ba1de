import { ConfigReader, Failure } from '@ewallet/failure';
import { parseConnectionConfig, parseConnectionUrl, type ConnectionConfig } from '@ewallet/postgres';
import type { Command } from 'commander';

export interface WarehouseOptions {
  readonly warehouse?: string;
  readonly host?: string;
  readonly port?: string;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly sslmode?: string;
}

/** Adds the options that say where the warehouse is; the same names as dbt's profile reads from the environment. */
export function withWarehouse(command: Command): Command {
  return command
    .option('--warehouse <url>', 'postgresql://user:password@host:port/database (env EWALLET_WAREHOUSE_URL)')
    .option('--host <host>', 'or in parts: host (env EWALLET_WAREHOUSE_HOST)')
    .option('--port <port>', 'port (env EWALLET_WAREHOUSE_PORT)')
    .option('--database <name>', 'database (env EWALLET_WAREHOUSE_DATABASE)')
    .option('--user <name>', 'role (env EWALLET_WAREHOUSE_USER)')
    .option('--password <password>', 'password; better in env EWALLET_WAREHOUSE_PASSWORD, which ps does not show')
    .option(
      '--sslmode <mode>',
      'disable, allow, prefer, require, verify-ca, verify-full (env EWALLET_WAREHOUSE_SSLMODE)',
    );
}

/** The warehouse that flags, or else the environment, name; undefined where neither does. */
export function warehouseOf(
  options: WarehouseOptions,
  environment: Readonly<Record<string, string | undefined>>,
): ConnectionConfig | undefined {
  const url = options.warehouse ?? (options.host === undefined ? environment.EWALLET_WAREHOUSE_URL : undefined);
  if (url !== undefined && url !== '') return parseConnectionUrl(url);
  const part = (flag: string | undefined, name: string): string | undefined =>
    flag ?? environment[`EWALLET_WAREHOUSE_${name}`];
  const host = part(options.host, 'HOST');
  if (host === undefined) return undefined;
  const keys = {
    host,
    port: Number(part(options.port, 'PORT') ?? '5432'),
    database: part(options.database, 'DATABASE'),
    username: part(options.user, 'USER'),
    password: part(options.password, 'PASSWORD'),
    ssl_mode: part(options.sslmode, 'SSLMODE') ?? 'prefer',
  };
  return parseConnectionConfig(new ConfigReader(keys, ''));
}

export function requiredWarehouse(
  options: WarehouseOptions,
  environment: Readonly<Record<string, string | undefined>>,
): ConnectionConfig {
  const warehouse = warehouseOf(options, environment);
  if (warehouse === undefined)
    throw Failure.config('No warehouse given: use --warehouse postgresql://… or set EWALLET_WAREHOUSE_URL.');
  return warehouse;
}
