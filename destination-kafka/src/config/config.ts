import { ConfigReader, Failure } from '@ewallet/failure';
import type { RegistryOptions } from '@ewallet/avro';
import { parseSasl, type SaslSettings } from './sasl-settings';

export interface TlsSettings {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly keyPassphrase: string | undefined;
  readonly verify: boolean;
}

export interface KafkaSettings {
  readonly bootstrapServers: readonly string[];
  readonly clientId: string;
  /** Undefined: no TLS. */
  readonly tls: TlsSettings | undefined;
  readonly sasl: SaslSettings;
  readonly requestTimeoutMs: number;
}

export const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

export interface TopicSettings {
  readonly create: boolean;
  readonly partitions: number;
  /** Undefined: the broker's default. */
  readonly replicationFactor: number | undefined;
  /** Topic configs by Kafka's names; absent ones are the broker's. */
  readonly configs: Readonly<Record<string, string>>;
}

export interface Config {
  readonly kafka: KafkaSettings;
  readonly registry: RegistryOptions;
  readonly topicPattern: string;
  /** Version of a stream's topic, by `namespace.stream`; above 1 the topic's name ends with `.v2` and so on. */
  readonly topicVersions: ReadonlyMap<string, number>;
  /** Streams, as `namespace.stream`, whose new topic may begin with what changes from now on. */
  readonly beginTopics: readonly string[];
  readonly topics: TopicSettings;
  readonly compression: Compression;
  readonly batchBytes: number;
  readonly deliveryTimeoutMs: number;
  /** Undefined: made from the streams' topics. */
  readonly transactionalId: string | undefined;
  readonly transactionTimeoutMs: number;
  readonly unfitValues: 'null' | 'dead_letter' | 'fail';
  /** What a deletion of a change data capture leaves of its row in an append_dedup stream. */
  readonly deletionMode: 'hard' | 'soft';
  readonly oversizedRecords: 'fail' | 'dead_letter';
  readonly deadLetterTopic: string;
}

/** Keys of Airbyte's own destination-kafka that tune the Java client: taken, and of no effect here. */
const TAKEN_WITHOUT_EFFECT = [
  'test_topic',
  'sync_producer',
  'acks',
  'enable_idempotence',
  'batch_size',
  'linger_ms',
  'max_in_flight_requests_per_connection',
  'client_dns_lookup',
  'buffer_memory',
  'max_request_size',
  'retries',
  'socket_connection_setup_timeout_ms',
  'socket_connection_setup_timeout_max_ms',
  'max_block_ms',
  'send_buffer_bytes',
  'receive_buffer_bytes',
] as const;

function bootstrapServers(reader: ConfigReader): readonly string[] {
  const servers = reader
    .text('bootstrap_servers')
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '');
  const wrong = servers.find((server) => !/^.+:\d{1,5}$/.test(server));
  if (servers.length === 0 || wrong !== undefined) {
    throw Failure.config(
      `\`bootstrap_servers\` must be host:port, several separated by commas${wrong === undefined ? '' : `; ${JSON.stringify(wrong)} is not`}.`,
    );
  }
  return servers;
}

function tls(reader: ConfigReader): TlsSettings {
  return {
    ca: reader.optionalText('ca_certificate'),
    certificate: reader.optionalText('client_certificate'),
    key: reader.optionalText('client_key'),
    keyPassphrase: reader.optionalText('client_key_password'),
    verify: reader.flag('verify', true),
  };
}

function protocol(reader: ConfigReader | undefined): Pick<KafkaSettings, 'tls' | 'sasl'> {
  if (reader === undefined) return { tls: undefined, sasl: { kind: 'none' } };
  const security = reader.oneOf(
    'security_protocol',
    ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const,
    'PLAINTEXT',
  );
  const settings = {
    tls: security === 'SSL' || security === 'SASL_SSL' ? tls(reader) : undefined,
    sasl: security.startsWith('SASL_') ? parseSasl(reader) : { kind: 'none' as const },
  };
  reader.ignore(
    'sasl_mechanism',
    'sasl_jaas_config',
    'username',
    'password',
    'ca_certificate',
    'client_certificate',
    'client_key',
    'client_key_password',
    'verify',
    'oauth_token_url',
    'oauth_client_id',
    'oauth_client_secret',
    'oauth_scope',
  );
  reader.finish();
  return settings;
}

function registry(reader: ConfigReader): RegistryOptions {
  const url = reader.text('url');
  if (!/^https?:\/\/[^/]/.test(url)) throw Failure.config('`schema_registry.url` must start with http:// or https://.');
  const username = reader.optionalText('username');
  const password = reader.optionalText('password');
  const token = reader.optionalText('bearer_token');
  const { ca, certificate, key, keyPassphrase, verify } = tls(reader);
  reader.finish();
  return {
    url,
    credentials:
      token !== undefined
        ? { kind: 'bearer', token }
        : username !== undefined
          ? { kind: 'basic', username, password: password ?? '' }
          : { kind: 'none' },
    tls: { ca, certificate, key, keyPassphrase, rejectUnauthorized: verify },
  };
}

function topics(reader: ConfigReader): TopicSettings {
  const named = {
    'cleanup.policy': reader.optionalText('topic_cleanup_policy'),
    'retention.ms': reader.optionalNumber('topic_retention_ms')?.toString(),
    'min.insync.replicas': reader.optionalNumber('topic_min_insync_replicas')?.toString(),
  };
  const given = Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    create: reader.flag('create_topics', true),
    partitions: reader.number('topic_partitions', 4, { min: 1, max: 100_000 }),
    replicationFactor: reader.optionalNumber('topic_replication_factor'),
    configs: { ...Object.fromEntries(given), ...reader.textMap('topic_config') },
  };
}

function topicPattern(reader: ConfigReader): string {
  const pattern = reader.text('topic_pattern', '{namespace}.{stream}');
  if (!pattern.includes('{stream}')) {
    throw Failure.config('`topic_pattern` must contain {stream}: without it every stream would share one topic.');
  }
  return pattern;
}

/**
 * The configuration, parsed once. Absent keys have their defaults.
 *
 * @throws Failure config_error that names the key; an unknown key with the nearest known one
 */
export function parseConfig(value: unknown): Config {
  const reader = new ConfigReader(value, '');
  const kafka: KafkaSettings = {
    bootstrapServers: bootstrapServers(reader),
    clientId: reader.text('client_id', 'destination-kafka'),
    ...protocol(reader.optionalObject('protocol')),
    requestTimeoutMs: reader.number('request_timeout_ms', 30_000, { min: 1_000, max: 600_000 }),
  };
  const config: Config = {
    kafka,
    registry: registry(reader.object('schema_registry')),
    topicPattern: topicPattern(reader),
    topicVersions: reader.numberMap('topic_versions'),
    beginTopics: reader.texts('begin_topics'),
    topics: topics(reader),
    compression: reader.oneOf('compression_type', COMPRESSIONS, 'none'),
    batchBytes: reader.number('batch_bytes', 512 * 1024, { min: 1024, max: 16 * 1024 * 1024 }),
    deliveryTimeoutMs: reader.number('delivery_timeout_ms', 120_000, { min: 1_000, max: 3_600_000 }),
    transactionalId: reader.optionalText('transactional_id'),
    transactionTimeoutMs: reader.number('transaction_timeout_ms', 600_000, { min: 10_000, max: 3_600_000 }),
    unfitValues: reader.oneOf('unfit_values', ['null', 'dead_letter', 'fail'] as const, 'null'),
    deletionMode: reader.oneOf('deletion_mode', ['hard', 'soft'] as const, 'hard'),
    oversizedRecords: reader.oneOf('oversized_records', ['fail', 'dead_letter'] as const, 'fail'),
    deadLetterTopic: reader.text('dead_letter_topic', '_airbyte_dead_letters'),
  };
  reader.ignore(...TAKEN_WITHOUT_EFFECT);
  reader.finish();
  return config;
}
