import path from 'node:path';
import { Failure, isObject, textOf, type Json } from '@ewallet/failure';
import type { RegistryOptions } from '@ewallet/avro';
import type { KafkaConnection } from '@ewallet/kafka';
import { parseConnectionConfig, parseTunnel, type ConnectionConfig, type Tunnel } from '@ewallet/postgres';
import { kafkaOfDestination, kafkaOfSink, registryOfDestination, registryOfSink, warehouseOf } from './connections';
import { parseRealtime, type RealtimeConfig } from './realtime';
import { numberOf, readJsonObject, refuseUnknown, requiredText, textsOf } from './json-file';

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

/** Whether a topic is one of the pipeline's. */
export type TopicChoice = (topic: string) => boolean;

/** What to look at. A part that is undefined is left out. */
export interface PipelineConfig {
  readonly ewallet: EwalletConfig | undefined;
  readonly sync: SyncConfig | undefined;
  readonly airbyte: AirbyteConfig | undefined;
  readonly kafka: KafkaConnection | undefined;
  readonly topics: TopicChoice;
  readonly registry: RegistryOptions | undefined;
  readonly realtime: RealtimeConfig | undefined;
  readonly sink: SinkConfig | undefined;
  readonly warehouse: ConnectionConfig | undefined;
  /** dbt's target directory. */
  readonly dbt: { readonly target: string; readonly maxAgeSeconds: number } | undefined;
  readonly audit: { readonly maxAgeSeconds: number } | undefined;
}

const HOUR = 3_600;
const DAY = 24 * HOUR;
const KEYS = ['ewallet', 'sync', 'airbyte', 'kafka', 'realtime', 'sink', 'warehouse', 'dbt', 'audit'] as const;
type Section = (typeof KEYS)[number];

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

/**
 * @param file path of the configuration; relative paths in it start in its directory
 * @throws Failure naming the key and what it must be, never a value that may be secret
 */
export async function readPipelineConfig(file: string): Promise<PipelineConfig> {
  const directory = path.dirname(path.resolve(file));
  const config = await readJsonObject(file);
  refuseUnknown(config, KEYS, '');
  const read = (section: Section): Promise<Json | undefined> => readSection(config, section, directory);
  const [syncKeys, sinkKeys, realtimeKeys] = [await read('sync'), await read('sink'), await read('realtime')];
  const syncFile = textOf(syncKeys ?? {}, 'config_file', 'sync.');
  const realtimeFile = textOf(realtimeKeys ?? {}, 'config_file', 'realtime.');
  /** Where relative paths of a part start: at its own file, if it has one. */
  const startOf = (own: string | undefined): string =>
    own === undefined ? directory : path.dirname(path.resolve(directory, own));
  const syncDirectory = startOf(syncFile);
  // One file of ewallet-sync leads to both connectors' own.
  const ewalletKeys = (await read('ewallet')) ?? (await connectorOf(syncKeys, 'source', syncDirectory));
  const kafkaKeys = (await read('kafka')) ?? (await connectorOf(syncKeys, 'destination', syncDirectory));
  const warehouseKeys = (await read('warehouse')) ?? sinkKeys;
  const sinkReachesKafka = sinkKeys?.['consumer.override.bootstrap.servers'] !== undefined;
  const parsed: PipelineConfig = {
    ewallet: ewalletKeys === undefined ? undefined : parseEwallet(ewalletKeys),
    sync: syncKeys === undefined ? undefined : parseSync(syncKeys, syncDirectory, syncFile),
    airbyte: parseAirbyte(await read('airbyte')),
    kafka:
      config.kafka === undefined && sinkReachesKafka
        ? kafkaOfSink(sinkKeys)
        : kafkaKeys && kafkaOfDestination(kafkaKeys),
    topics: topicsOf(sinkKeys, kafkaKeys),
    registry:
      (config.kafka === undefined && sinkKeys !== undefined ? registryOfSink(sinkKeys) : undefined) ??
      (kafkaKeys === undefined ? undefined : registryOfDestination(kafkaKeys)),
    realtime: parseRealtime(realtimeKeys, startOf(realtimeFile)),
    sink: sinkKeys === undefined ? undefined : parseSink(sinkKeys),
    warehouse:
      warehouseKeys === undefined
        ? undefined
        : warehouseOf(warehouseKeys, config.warehouse === undefined ? 'sink.' : 'warehouse.'),
    dbt: parseDbt(await read('dbt'), directory),
    audit: parseAudit(await read('audit')),
  };
  if (KEYS.every((key) => config[key] === undefined)) {
    throw Failure.config(`The configuration ${file} names no part to look at. Known are ${KEYS.join(', ')}.`);
  }
  if (parsed.audit !== undefined && parsed.warehouse === undefined) {
    throw Failure.config('`audit` is read from the warehouse: give `warehouse` or `sink` too.');
  }
  return parsed;
}

/** A section with the keys of the file that it names. */
async function readSection(config: Json, section: Section, directory: string): Promise<Json | undefined> {
  const value = config[section];
  if (value === undefined) return undefined;
  if (!isObject(value)) throw Failure.config(`\`${section}\` must be a JSON object.`);
  const inline = INLINE_KEYS[section] ?? [];
  refuseUnknown(value, [...OWN_KEYS[section], ...inline], `${section}.`);
  const file = textOf(value, 'config_file', `${section}.`);
  if (file === undefined) return value;
  const read = await readJsonObject(path.resolve(directory, file));
  // The sink takes the REST API's form too.
  const keys = isObject(read.config) && section !== 'sync' ? { name: read.name, ...read.config } : read;
  return { ...keys, ...value };
}

/** A connector's own configuration out of ewallet-sync's; undefined where it is a connector that is not ours. */
async function connectorOf(
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

function parseEwallet(keys: Json): EwalletConfig {
  const method = keys.replication_method;
  const slot = isObject(method) ? textOf(method, 'replication_slot', 'ewallet.replication_method.') : undefined;
  return {
    connection: parseConnectionConfig(keys),
    tunnel: parseTunnel(keys.tunnel_method),
    slot,
    openTransactionSeconds: numberOf(keys, 'open_transaction_seconds', 'ewallet.', HOUR),
    retainedWalBytes: numberOf(keys, 'retained_wal_bytes', 'ewallet.', 2 ** 30),
  };
}

function parseSync(keys: Json, directory: string, file: string | undefined): SyncConfig {
  const name = textOf(keys, 'name', 'sync.') ?? 'ewallet';
  if (file === undefined && keys.state_directory === undefined) {
    throw Failure.config('`sync` needs `config_file`, the configuration of ewallet-sync, or its `state_directory`.');
  }
  return {
    name,
    stateDirectory: path.resolve(directory, textOf(keys, 'state_directory', 'sync.') ?? `${name}-state`),
    maxAgeSeconds: numberOf(keys, 'max_age_seconds', 'sync.', DAY),
  };
}

function parseAirbyte(keys: Json | undefined): AirbyteConfig | undefined {
  if (keys === undefined) return undefined;
  const token = textOf(keys, 'token', 'airbyte.');
  const clientId = textOf(keys, 'client_id', 'airbyte.');
  const clientSecret = textOf(keys, 'client_secret', 'airbyte.');
  if ((clientId === undefined) !== (clientSecret === undefined)) {
    throw Failure.config('`airbyte.client_id` and `airbyte.client_secret` go together.');
  }
  return {
    url: requiredText(keys, 'url', 'airbyte.').replace(/\/$/, ''),
    connectionId: requiredText(keys, 'connection_id', 'airbyte.'),
    credentials:
      token !== undefined
        ? { kind: 'token', token }
        : clientId !== undefined && clientSecret !== undefined
          ? { kind: 'application', clientId, clientSecret }
          : { kind: 'none' },
    maxAgeSeconds: numberOf(keys, 'max_age_seconds', 'airbyte.', DAY),
  };
}

function parseSink(keys: Json): SinkConfig {
  const name = requiredText(keys, 'name', 'sink.');
  const given = textsOf(keys, 'instances', 'sink.');
  const user = textOf(keys, 'user', 'sink.') ?? textOf(keys, 'rest.basic.auth.user', 'sink.');
  const password = textOf(keys, 'password', 'sink.') ?? textOf(keys, 'rest.basic.auth.password', 'sink.');
  return {
    name,
    groupId: textOf(keys, 'consumer.override.group.id', 'sink.') ?? `connect-${name}`,
    instances: (given.length > 0 ? given : restOf(keys)).map((url) => url.replace(/\/$/, '')),
    credentials: user === undefined || password === undefined ? undefined : { user, password },
    lagSeconds: numberOf(keys, 'lag_seconds', 'sink.', 300),
  };
}

/** Those that the sink reads; else those that the destination writes; else all but the brokers' own. */
function topicsOf(sink: Json | undefined, destination: Json | undefined): TopicChoice {
  const names = textOf(sink ?? {}, 'topics', 'sink.');
  if (names !== undefined) {
    const list = new Set(names.split(',').map((name) => name.trim()));
    return (topic) => list.has(topic);
  }
  const regex = textOf(sink ?? {}, 'topics.regex', 'sink.');
  if (regex !== undefined) return matching(regex, 'sink.topics.regex');
  const pattern = textOf(destination ?? {}, 'topic_pattern', 'kafka.');
  if (pattern === undefined) return () => true;
  const literal = pattern.split(/\{namespace\}|\{stream\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return matching(`${literal.join('.+')}(\\.v\\d+)?`, 'kafka.topic_pattern');
}

function matching(regex: string, key: string): TopicChoice {
  try {
    const whole = new RegExp(`^(?:${regex})$`, 'u');
    return (topic) => whole.test(topic);
  } catch (error) {
    throw Failure.config(`\`${key}\` is no regular expression.`, { cause: error });
  }
}

/** Where the sink's own file says that its REST API is; port 0 is a free one that nobody can know. */
function restOf(keys: Json): readonly string[] {
  if (keys.config_file === undefined || String(keys['rest.enabled']) === 'false') return [];
  const port = Number(keys['rest.port'] ?? 8083);
  const host = textOf(keys, 'rest.host', 'sink.') ?? '127.0.0.1';
  return port === 0 ? [] : [`http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`];
}

function parseDbt(keys: Json | undefined, directory: string): PipelineConfig['dbt'] {
  if (keys === undefined) return undefined;
  return {
    target: path.resolve(directory, requiredText(keys, 'target', 'dbt.')),
    maxAgeSeconds: numberOf(keys, 'max_age_seconds', 'dbt.', 26 * HOUR),
  };
}

function parseAudit(keys: Json | undefined): PipelineConfig['audit'] {
  return keys === undefined ? undefined : { maxAgeSeconds: numberOf(keys, 'max_age_seconds', 'audit.', 7 * DAY) };
}
