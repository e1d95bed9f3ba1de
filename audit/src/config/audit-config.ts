import path from 'node:path';
import { Failure, isObject, readJsonObject, refuseUnknown, textOf, type Json } from '@ewallet/failure';
import {
  parseConnectionConfig,
  parseConnectKeys,
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
  const config = await readJsonObject(file);
  refuseUnknown(config, KEYS, '');
  const source = await sectionOf(config, 'source', directory);
  const warehouse = await sectionOf(config, 'warehouse', directory);
  // A file is the sink's own configuration, whose other keys are the sink's to check.
  if (!isFile(config.warehouse)) refuseUnknown(warehouse, WAREHOUSE_KEYS, 'warehouse.');
  return {
    source: parseConnectionConfig(source),
    tunnel: parseTunnel(source.tunnel_method),
    schemas: parseSchemas(source.schemas),
    warehouse: parseWarehouse(warehouse),
    tableNameFormat: textOf(warehouse, 'table.name.format', 'warehouse.') ?? 'raw.${stream}',
    topicPattern: textOf(config, 'topic_pattern', '') ?? '{namespace}.{stream}',
    streams: parseStreams(config.streams),
    settleSeconds: parseSettle(config.settle_seconds),
    sync: parseSync(config.sync, directory),
  };
}

function parseSync(value: unknown, directory: string): SyncCommand | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw Failure.config('`sync` must be a JSON object.');
  refuseUnknown(value, SYNC_KEYS, 'sync.');
  const file = textOf(value, 'config_file', 'sync.');
  if (file === undefined)
    throw Failure.config("`sync.config_file` is missing: the path of ewallet-sync's configuration.");
  const given = value.command ?? 'ewallet-sync';
  const command: readonly unknown[] = Array.isArray(given) ? given : [given];
  const texts = command.filter((part): part is string => typeof part === 'string' && part !== '');
  if (texts.length === 0 || texts.length !== command.length) {
    throw Failure.config('`sync.command` must be text, or a list of texts.');
  }
  return { command: texts, configFile: path.resolve(directory, file) };
}

async function sectionOf(config: Json, key: 'source' | 'warehouse', directory: string): Promise<Json> {
  const section = config[key];
  if (!isObject(section)) throw Failure.config(`\`${key}\` must be a JSON object.`);
  if (!isFile(section)) return section;
  const { config_file: file, ...more } = section;
  if (typeof file !== 'string') throw Failure.config(`\`${key}.config_file\` must be the path of a file.`);
  const read = await readJsonObject(path.resolve(directory, file));
  const inner = isObject(read.config) ? read.config : read;
  return { ...inner, ...more };
}

function isFile(section: unknown): boolean {
  return isObject(section) && section.config_file !== undefined;
}

function parseWarehouse(warehouse: Json): ConnectionConfig {
  const url = textOf(warehouse, 'connection.url', 'warehouse.');
  if (url === undefined)
    throw Failure.config('`warehouse.connection.url` is missing: postgresql://user:password@host/db');
  const user = textOf(warehouse, 'connection.user', 'warehouse.');
  const password = textOf(warehouse, 'connection.password', 'warehouse.');
  return parseConnectKeys(url, user, password);
}

function parseSchemas(value: unknown): readonly string[] {
  if (value === undefined || value === null) return ['public'];
  const names = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const texts = names.filter((name): name is string => typeof name === 'string' && name !== '');
  if (texts.length === 0 || texts.length !== names.length) {
    throw Failure.config('`source.schemas` must be a list of at least one schema name.');
  }
  return [...new Set(texts)];
}

function parseStreams(value: unknown): readonly StreamChoice[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.length === 0) {
    throw Failure.config('`streams` must be a list with something in it; leave it out for every stream.');
  }
  return (value as readonly unknown[]).map(parseStreamChoice);
}

function parseSettle(value: unknown): number {
  const seconds = value ?? DEFAULT_SETTLE_SECONDS;
  if (typeof seconds !== 'number' || !(seconds >= 0)) {
    throw Failure.config('`settle_seconds` must be a number from 0 up.');
  }
  return seconds;
}
