import path from 'node:path';
import { ConfigReader, Failure, isObject, readJsonObject, type Json } from '@ewallet/failure';
import {
  parseConnectionConfig,
  parseConnectKeys,
  parseSchemas,
  parseTunnel,
  type ConnectionConfig,
  type Tunnel,
} from '@ewallet/postgres';
import { parseStreamChoice, type StreamChoice } from './stream-choice';

export interface AuditConfig {
  readonly source: ConnectionConfig;
  /** Through which the source is reached. */
  readonly tunnel: Tunnel;
  readonly schemas: readonly string[];
  readonly warehouse: ConnectionConfig;
  /** The sink's `table.name.format`. */
  readonly tableNameFormat: string;
  /** The destination's `topic_pattern`, for a format that names the topic. */
  readonly topicPattern: string;
  /** Undefined for every table of the source's schemas that has a table in the warehouse. */
  readonly streams: readonly StreamChoice[] | undefined;
  /** How long nothing may land before the pipeline counts as stopped, so that every difference counts. */
  readonly settleSeconds: number;
  /** What sends rows again; undefined where a repair is not wanted. */
  readonly sync: SyncCommand | undefined;
}

/** How ewallet-sync is started. */
export interface SyncCommand {
  /** The program and its first arguments. */
  readonly command: readonly string[];
  readonly configFile: string;
}

const KEYS = ['source', 'warehouse', 'topic_pattern', 'streams', 'settle_seconds', 'sync'];
const SYNC_KEYS = ['command', 'config_file'];
const WAREHOUSE_KEYS = ['connection.url', 'connection.user', 'connection.password', 'table.name.format', 'config_file'];
const DEFAULT_SETTLE_SECONDS = 15;

/**
 * @param file path of the configuration; relative paths in it start in its directory
 * @throws Failure naming the key and what it must be, never a value that may be secret
 */
export async function readAuditConfig(file: string): Promise<AuditConfig> {
  const directory = path.dirname(path.resolve(file));
  const config = new ConfigReader(await readJsonObject(file), '');
  config.only(...KEYS);
  const source = new ConfigReader(await sectionOf(config, 'source', directory), 'source');
  const warehouse = new ConfigReader(await sectionOf(config, 'warehouse', directory), 'warehouse');
  // A file is the sink's own configuration, whose other keys are the sink's to check.
  if (config.object('warehouse').value('config_file') === undefined) warehouse.only(...WAREHOUSE_KEYS);
  return {
    source: parseConnectionConfig(source),
    tunnel: parseTunnel(source.optionalObject('tunnel_method')),
    schemas: parseSchemas(source),
    warehouse: parseWarehouse(warehouse),
    tableNameFormat: warehouse.text('table.name.format', 'raw.${stream}'),
    topicPattern: config.text('topic_pattern', '{namespace}.{stream}'),
    streams: parseStreams(config.value('streams')),
    settleSeconds: config.atLeastZero('settle_seconds', DEFAULT_SETTLE_SECONDS),
    sync: parseSync(config.optionalObject('sync'), directory),
  };
}

function parseSync(sync: ConfigReader | undefined, directory: string): SyncCommand | undefined {
  if (sync === undefined) return undefined;
  sync.only(...SYNC_KEYS);
  const file = sync.optionalText('config_file');
  if (file === undefined)
    throw Failure.config("`sync.config_file` is missing: the path of ewallet-sync's configuration.");
  return { command: sync.textOrTexts('command') ?? ['ewallet-sync'], configFile: path.resolve(directory, file) };
}

/** A section with the keys of the file that it names. */
async function sectionOf(config: ConfigReader, key: 'source' | 'warehouse', directory: string): Promise<Json> {
  const section = config.value(key);
  if (!isObject(section)) throw Failure.config(`\`${key}\` must be a JSON object.`);
  const file = new ConfigReader(section, key).optionalText('config_file');
  if (file === undefined) return section;
  const read = await readJsonObject(path.resolve(directory, file));
  const inner = isObject(read.config) ? read.config : read;
  return { ...inner, ...section };
}

function parseWarehouse(warehouse: ConfigReader): ConnectionConfig {
  const url = warehouse.optionalText('connection.url');
  if (url === undefined)
    throw Failure.config('`warehouse.connection.url` is missing: postgresql://user:password@host/db');
  const [user, password] = [warehouse.optionalText('connection.user'), warehouse.optionalText('connection.password')];
  return parseConnectKeys(url, user, password);
}

function parseStreams(value: unknown): readonly StreamChoice[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.length === 0) {
    throw Failure.config('`streams` must be a list with something in it; leave it out for every stream.');
  }
  return (value as readonly unknown[]).map(parseStreamChoice);
}
