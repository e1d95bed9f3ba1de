import path from 'node:path';
import { ConfigReader, Failure, isObject, readJsonObject as readConfigurationFile, type Json } from '@ewallet/failure';

export const SECTIONS = [
  'ewallet',
  'sync',
  'airbyte',
  'kafka',
  'realtime',
  'sink',
  'warehouse',
  'dbt',
  'audit',
] as const;
export type Section = (typeof SECTIONS)[number];

/** The keys that a section has besides those of the connector's own file. */
const OWN_KEYS = {
  ewallet: ['config_file', 'open_transaction_seconds', 'retained_wal_bytes'],
  sync: ['config_file', 'state_directory', 'name', 'max_age_seconds'],
  airbyte: ['url', 'connection_id', 'token', 'client_id', 'client_secret', 'max_age_seconds'],
  kafka: ['config_file'],
  realtime: [
    'config_file',
    'rest_url',
    'job',
    'username',
    'password',
    'bearer_token',
    'checkpoint_age_seconds',
    'lag_records',
  ],
  sink: ['config_file', 'name', 'instances', 'user', 'password', 'lag_seconds'],
  warehouse: ['config_file', 'connection.url', 'connection.user', 'connection.password'],
  dbt: ['target', 'max_age_seconds'],
  audit: ['max_age_seconds'],
} as const satisfies Readonly<Record<Section, readonly string[]>>;

/** Keys that may be written here instead of in a file, for the sections that take a connector's file. */
const INLINE_KEYS: Partial<Record<Section, readonly string[]>> = {
  ewallet: [
    'host',
    'port',
    'database',
    'username',
    'password',
    'ssl_mode',
    'tunnel_method',
    'schemas',
    'replication_method',
  ],
  kafka: ['bootstrap_servers', 'protocol', 'schema_registry', 'topic_pattern'],
};

/** A file that holds one JSON object. @throws Failure naming the file, never what is in it */
export async function readJsonObject(file: string): Promise<Json> {
  return readConfigurationFile(file, 'YAML and .properties are not read: write it as JSON.');
}

/** A section with the keys of the file that it names. */
export async function readSection(config: Json, section: Section, directory: string): Promise<Json | undefined> {
  const value = config[section];
  if (value === undefined) return undefined;
  if (!isObject(value)) throw Failure.config(`\`${section}\` must be a JSON object.`);
  const reader = new ConfigReader(value, section);
  reader.only(...OWN_KEYS[section], ...(INLINE_KEYS[section] ?? []));
  const file = reader.optionalText('config_file');
  if (file === undefined) return value;
  const read = await readJsonObject(path.resolve(directory, file));
  // The sink takes the REST API's form too.
  const keys = isObject(read.config) && section !== 'sync' ? { name: read.name, ...read.config } : read;
  return { ...keys, ...value };
}

/** A connector's own configuration out of ewallet-sync's; undefined where it is a connector that is not ours. */
export async function connectorOf(
  sync: Json | undefined,
  role: 'source' | 'destination',
  directory: string,
): Promise<Json | undefined> {
  const connector = sync?.[role];
  if (!isObject(connector)) return undefined;
  const ours = role === 'source' ? 'host' : 'bootstrap_servers';
  const keys =
    typeof connector.config_file === 'string'
      ? await readJsonObject(path.resolve(directory, connector.config_file))
      : connector.config;
  return isObject(keys) && keys[ours] !== undefined ? keys : undefined;
}
