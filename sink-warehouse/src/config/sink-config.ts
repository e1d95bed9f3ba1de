import { Failure } from '@ewallet/failure';
import { parseConnectKeys, type ConnectionConfig } from '@ewallet/postgres';
import type { RegistryOptions } from '@ewallet/avro';
import type { KafkaConnection } from '@ewallet/kafka';
import type { KeyRule } from '../tables/key-rule';
import type { TablePolicy } from '../tables/table-plan';
import type { RawConfig } from './config-file';
import { refuseOtherConverters } from './converters';
import { keyChoice } from './key-choice';
import { KEYS } from './keys';
import { partitionChoice, type PartitionChoice } from './partition-choice';
import { KeyReader } from './key-reader';

export type TopicChoice =
  { readonly kind: 'list'; readonly topics: readonly string[] } | { readonly kind: 'regex'; readonly regex: RegExp };

export interface SinkConfig {
  readonly name: string;
  readonly topics: TopicChoice;
  readonly topicsRefreshMs: number;
  readonly topicsRetryMs: number;
  readonly warehouse: ConnectionConfig;
  readonly warehouseTimeoutMs: number;
  readonly kafka: KafkaConnection;
  readonly group: { readonly groupId: string; readonly sessionTimeoutMs: number; readonly rebalanceTimeoutMs: number };
  readonly fetch: { readonly maxBytes: number; readonly maxBytesPerPartition: number; readonly maxWaitMs: number };
  readonly startAt: 'earliest' | 'latest';
  readonly resetPolicy: 'fail' | 'earliest';
  readonly registry: RegistryOptions;
  readonly insertMode: 'upsert' | 'insert';
  readonly key: KeyRule;
  /** Kafka Connect's keys in the file that this sink has no use for. */
  readonly keysWithoutEffect: readonly string[];
  readonly tableNameFormat: string;
  readonly partitionByMonth: PartitionChoice;
  readonly tables: TablePolicy;
  readonly deleteEnabled: boolean;
  readonly flush: { readonly intervalMs: number; readonly maxBytes: number };
  readonly errors: {
    readonly tolerate: boolean;
    readonly log: boolean;
    readonly topic: string | undefined;
    readonly replicationFactor: number;
    readonly contextHeaders: boolean;
    readonly breakerPerMinute: number;
    /** Milliseconds; undefined retries for ever. */
    readonly retryTimeoutMs: number | undefined;
  };
  readonly rest: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
    readonly credentials: { readonly user: string; readonly password: string } | undefined;
  };
  readonly logLevel: string;
  /** The file's keys and values, secrets masked, as the REST API shows them. */
  readonly shown: Readonly<Record<string, string>>;
}

/**
 * The configuration, checked as a whole.
 *
 * @throws Failure naming the key that is unknown, missing or out of range, and what it should be
 */
export function parseSinkConfig(raw: RawConfig): SinkConfig {
  const read = new KeyReader(raw);
  const insertMode = read.choice('insert.mode', ['upsert', 'insert']);
  const key = keyChoice(read);
  refuseOtherConverters(read, key);
  const retryTimeout = read.integer('errors.retry.timeout');
  const deadLetterTopic = read.text('errors.deadletterqueue.topic.name');
  const name = read.required('name');
  const user = read.optional('rest.basic.auth.user');
  const password = read.optional('rest.basic.auth.password');
  if ((user === undefined) !== (password === undefined)) {
    throw Failure.config('rest.basic.auth.user and rest.basic.auth.password go together.');
  }
  return {
    name,
    topics: topicChoice(read),
    topicsRefreshMs: read.integer('topics.refresh.interval.ms'),
    topicsRetryMs: read.integer('topics.retry.interval.ms'),
    warehouse: warehouse(read),
    warehouseTimeoutMs: read.integer('connection.timeout.ms'),
    kafka: kafka(read),
    group: {
      groupId: read.optional('consumer.override.group.id') ?? `connect-${name}`,
      sessionTimeoutMs: read.integer('consumer.override.session.timeout.ms'),
      rebalanceTimeoutMs: read.integer('consumer.override.max.poll.interval.ms'),
    },
    fetch: {
      maxBytes: read.integer('consumer.override.fetch.max.bytes'),
      maxBytesPerPartition: read.integer('consumer.override.max.partition.fetch.bytes'),
      maxWaitMs: read.integer('consumer.override.fetch.max.wait.ms'),
    },
    startAt: read.choice('consumer.override.auto.offset.reset', ['earliest', 'latest']),
    resetPolicy: read.choice('topic.reset.policy', ['fail', 'earliest']),
    registry: registry(read),
    insertMode,
    key,
    keysWithoutEffect: read.ignored(),
    tableNameFormat: read.text('table.name.format'),
    partitionByMonth: partitionChoice(read),
    tables: { autoCreate: read.flag('auto.create'), autoEvolve: read.flag('auto.evolve') },
    deleteEnabled: read.flag('delete.enabled'),
    flush: { intervalMs: read.integer('flush.interval.ms'), maxBytes: read.integer('flush.max.bytes') },
    errors: {
      tolerate: read.choice('errors.tolerance', ['none', 'all']) === 'all',
      log: read.flag('errors.log.enable'),
      topic: deadLetterTopic === '' ? undefined : deadLetterTopic,
      replicationFactor: read.integer('errors.deadletterqueue.topic.replication.factor'),
      contextHeaders: read.flag('errors.deadletterqueue.context.headers.enable'),
      breakerPerMinute: read.integer('errors.breaker.max.per.minute'),
      retryTimeoutMs: retryTimeout < 0 ? undefined : retryTimeout,
    },
    rest: {
      enabled: read.flag('rest.enabled'),
      host: read.text('rest.host'),
      port: read.integer('rest.port'),
      credentials: user === undefined || password === undefined ? undefined : { user, password },
    },
    logLevel: read.text('log.level'),
    shown: shownConfig(raw),
  };
}

function topicChoice(read: KeyReader): TopicChoice {
  const topics = read.list('topics');
  const regex = read.optional('topics.regex');
  if ((topics.length === 0) === (regex === undefined)) {
    throw Failure.config('Exactly one of topics and topics.regex must be set.');
  }
  if (regex === undefined) return { kind: 'list', topics };
  try {
    return { kind: 'regex', regex: new RegExp(`^(?:${regex})$`, 'u') };
  } catch (error) {
    throw Failure.config(`topics.regex is no regular expression: ${JSON.stringify(regex)}.`, { cause: error });
  }
}

function warehouse(read: KeyReader): ConnectionConfig {
  return parseConnectKeys(
    read.required('connection.url'),
    read.optional('connection.user'),
    read.optional('connection.password'),
  );
}

function kafka(read: KeyReader): KafkaConnection {
  const brokers = read.list('consumer.override.bootstrap.servers');
  if (brokers.length === 0) throw Failure.config('consumer.override.bootstrap.servers is missing.');
  const protocol = read.text('consumer.override.security.protocol');
  const ca = read.optional('consumer.override.ssl.truststore.certificates');
  const cert = read.optional('consumer.override.ssl.keystore.certificate.chain');
  const key = read.optional('consumer.override.ssl.keystore.key');
  const ssl = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return {
    brokers,
    clientId: read.text('consumer.override.client.id'),
    ssl: protocol.endsWith('SSL') ? ssl : false,
    ...(protocol.startsWith('SASL') ? { sasl: sasl(read) } : {}),
    requestTimeoutMs: read.integer('consumer.override.request.timeout.ms'),
  };
}

function sasl(read: KeyReader): { mechanism: string; username: string; password: string } {
  const jaas = read.optional('consumer.override.sasl.jaas.config') ?? '';
  const username = read.optional('consumer.override.sasl.username') ?? /username="([^"]*)"/.exec(jaas)?.[1];
  const password = read.optional('consumer.override.sasl.password') ?? /password="([^"]*)"/.exec(jaas)?.[1];
  if (username === undefined || password === undefined) {
    throw Failure.config('SASL needs consumer.override.sasl.username and consumer.override.sasl.password.');
  }
  return { mechanism: read.text('consumer.override.sasl.mechanism').toLowerCase(), username, password };
}

function registry(read: KeyReader): RegistryOptions {
  const url = read.required('value.converter.schema.registry.url');
  const userInfo = read.optional('value.converter.basic.auth.user.info');
  const ca = read.optional('value.converter.schema.registry.ssl.truststore.certificates');
  const colon = userInfo?.indexOf(':') ?? -1;
  return {
    url,
    ...(userInfo === undefined
      ? {}
      : { credentials: { kind: 'basic', username: userInfo.slice(0, colon), password: userInfo.slice(colon + 1) } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
  };
}

function shownConfig(raw: RawConfig): Record<string, string> {
  const secrets = new Set(KEYS.filter((key) => key.secret === true).map(({ name }) => name));
  return Object.fromEntries([...raw].map(([key, value]) => [key, secrets.has(key) ? '[hidden]' : value]));
}
