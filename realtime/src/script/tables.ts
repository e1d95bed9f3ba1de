import type { RealtimeConfig } from '../config/realtime-config';
import { javaClientProperties } from '../config/security';
import type { Input } from '../inputs/input-types';
import { keySchema, valueSchema, type Product } from '../products/product';
import { sqlType } from '../products/column';
import { identifier, literal, withOptions } from './sql-text';

/** Below the broker's default maximum of 15 minutes; a transaction that a crash left open blocks readers so long. */
const TRANSACTION_TIMEOUT_MS = '600000';

/** Results of which one key may change many times a second: a float wallet with each transaction. */
const REDUCED: ReadonlySet<string> = new Set(['balance_checks', 'sessions']);
/** Of several changes of a key only the newest is written, at each checkpoint or after a second. */
const REDUCING = { 'sink.buffer-flush.max-rows': '10000', 'sink.buffer-flush.interval': '1 s' };

/** The id of control records, which have none: see CONTROL_ID. */
const LEAST_BIGINT = '-9223372036854775808';

/**
 * The id that a control record reads as. The destination writes such records to say that an overwrite is complete; their
 * key has no id, so the reader's schema gives it one. Without it Flink could not decode the key, and would stop.
 */
function controlId(keyType: Input['keyType']): string {
  return keyType === 'BIGINT' ? LEAST_BIGINT : literal('');
}

function connection(config: RealtimeConfig): Readonly<Record<string, string>> {
  const properties = {
    'bootstrap.servers': config.bootstrapServers,
    ...javaClientProperties(config.security),
  };
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [`properties.${key}`, value]));
}

/** Options of the format for one part of the record, `key` or `value`. */
function avro(config: RealtimeConfig, part: 'key' | 'value', schema?: unknown): Readonly<Record<string, string>> {
  const at = `${part}.avro-confluent`;
  const { url, credentials, truststore } = config.registry;
  return {
    [`${part}.format`]: 'avro-confluent',
    [`${at}.url`]: url,
    ...(credentials.kind === 'basic'
      ? {
          [`${at}.basic-auth.credentials-source`]: 'USER_INFO',
          [`${at}.basic-auth.user-info`]: `${credentials.username}:${credentials.password}`,
        }
      : {}),
    ...(credentials.kind === 'bearer'
      ? {
          [`${at}.bearer-auth.credentials-source`]: 'STATIC_TOKEN',
          [`${at}.bearer-auth.token`]: credentials.token,
        }
      : {}),
    ...(truststore === undefined
      ? {}
      : { [`${at}.ssl.truststore.location`]: truststore.file, [`${at}.ssl.truststore.password`]: truststore.password }),
    ...(schema === undefined ? {} : { [`${at}.schema`]: JSON.stringify(schema) }),
  };
}

/** A topic of the destination as a changelog: the newest version of each row, and tombstones as deletions. */
export function inputTable(config: RealtimeConfig, input: Input): string {
  const columns = [...input.columns].map(([name, type]) => `  ${identifier(name)} ${type}`);
  const key = {
    type: 'record',
    name: `${input.name}_key`,
    fields: [
      input.keyType === 'BIGINT'
        ? // A number in JSON would lose the last digits of the least BIGINT.
          { name: 'id', type: 'long', default: 'LEAST_BIGINT' }
        : { name: 'id', type: 'string', default: '' },
    ],
  };
  const options = {
    connector: 'upsert-kafka',
    topic: input.topic,
    ...connection(config),
    'properties.group.id': `${config.topicPrefix}-realtime`,
    'properties.isolation.level': 'read_committed',
    'scan.topic-partition-discovery.interval': '10 s',
    ...avro(config, 'key', key),
    // The id is taken from the key alone: in a control record's value there is none either.
    'value.fields-include': 'EXCEPT_KEY',
    ...avro(config, 'value'),
  };
  const text = withOptions(options).replace('"LEAST_BIGINT"', LEAST_BIGINT);
  return `CREATE TEMPORARY TABLE ${identifier(`${input.name}_topic`)} (\n${columns.join(',\n')},\n  PRIMARY KEY (\`id\`) NOT ENFORCED\n) WITH (\n${text}\n);`;
}

/** The rows of an input, without control records. */
export function inputView(input: Input): string {
  const columns = [...input.columns.keys()].map(identifier).join(', ');
  return `CREATE TEMPORARY VIEW ${identifier(input.name)} AS\nSELECT ${columns}\nFROM ${identifier(`${input.name}_topic`)}\nWHERE \`id\` <> ${controlId(input.keyType)};`;
}

/** @param writer of several that write one topic: each has its own transactions */
export function outputTable(config: RealtimeConfig, product: Product, writer?: string): string {
  const columns = [...product.key, ...product.values].map(({ name, type }) => `  ${identifier(name)} ${sqlType(type)}`);
  const keys = product.key.map(({ name }) => identifier(name)).join(', ');
  const topic = `${config.topicPrefix}.${product.name}`;
  const options = {
    connector: 'upsert-kafka',
    topic,
    ...connection(config),
    'properties.transaction.timeout.ms': TRANSACTION_TIMEOUT_MS,
    // One producer a writer and slot: the client's default of 32 MB each would not fit.
    'properties.buffer.memory': '4194304',
    // What is written is read when its checkpoint completes, and a checkpoint sends what waits. So batches may fill.
    'properties.linger.ms': '200',
    'properties.batch.size': '131072',
    'sink.delivery-guarantee': 'exactly-once',
    'sink.transaction-naming-strategy': 'pooling',
    ...(REDUCED.has(product.name) ? REDUCING : {}),
    'sink.transactional-id-prefix': writer === undefined ? topic : `${topic}.${writer}`,
    ...avro(config, 'key', keySchema(product)),
    ...avro(config, 'value', valueSchema(product)),
  };
  const name = writer === undefined ? product.name : `${product.name}_${writer}`;
  return `CREATE TEMPORARY TABLE ${identifier(`${name}_result`)} (\n${columns.join(',\n')},\n  PRIMARY KEY (${keys}) NOT ENFORCED\n) WITH (\n${withOptions(options)}\n);`;
}

/** One of our own topics, read as a changelog. */
export function ownTable(config: RealtimeConfig, product: Product): string {
  const columns = [...product.key, ...product.values].map(({ name, type }) => `  ${identifier(name)} ${sqlType(type)}`);
  const keys = product.key.map(({ name }) => identifier(name)).join(', ');
  const options = {
    connector: 'upsert-kafka',
    topic: `${config.topicPrefix}.${product.name}`,
    ...connection(config),
    'properties.group.id': `${config.topicPrefix}-realtime`,
    'properties.isolation.level': 'read_committed',
    ...avro(config, 'key', keySchema(product)),
    ...avro(config, 'value', valueSchema(product)),
  };
  return `CREATE TEMPORARY TABLE ${identifier(product.name)} (\n${columns.join(',\n')},\n  PRIMARY KEY (${keys}) NOT ENFORCED\n) WITH (\n${withOptions(options)}\n);`;
}
