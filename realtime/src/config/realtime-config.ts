import { ConfigReader, Failure, readJsonObject } from '@ewallet/failure';
import { parseConnectKeys, type ConnectionConfig } from '@ewallet/postgres';
import path from 'node:path';
import { parseCluster, type ClusterConfig } from './cluster';
import { parseDelivery, type DeliveryConfig } from './delivery';
import { parseRegistry, type RegistryConfig } from './registry';
import { parseRules, type Rules } from './rules';
import { BALANCE_MISMATCH } from './signal-names';
import { parseSecurity, type KafkaSecurity } from './security';

export const PRODUCTS = [
  'minute_volumes',
  'wallet_velocity',
  'alerts',
  'transaction_events',
  'balance_checks',
  'sessions',
] as const;
export type ProductName = (typeof PRODUCTS)[number];

/** The others need streams that not every wallet has, and a job that runs keeps its plan, so they are asked for by name. */
const DEFAULT_PRODUCTS: readonly ProductName[] = ['minute_volumes', 'wallet_velocity'];

export interface RealtimeConfig {
  readonly bootstrapServers: string;
  readonly security: KafkaSecurity;
  readonly registry: RegistryConfig;
  /** The destination's `topic_pattern`, and the source's schema: together they name the topics to read. */
  readonly topicPattern: string;
  readonly namespace: string;
  /** Result topics are `<prefix>.<product>`. */
  readonly topicPrefix: string;
  readonly topicPartitions: number;
  /** Undefined: the broker's default. */
  readonly topicReplicationFactor: number | undefined;
  readonly products: readonly ProductName[];
  readonly parallelism: number;
  readonly checkpointIntervalSeconds: number;
  /** Alerts take in corrections of rows that are so old; older rows leave the windows' state. */
  readonly correctionDays: number;
  /** A transaction belongs to a session that began so long before it, at most. */
  readonly sessionMinutes: number;
  /** What a local cluster writes: settings, checkpoints, savepoints, logs. */
  readonly directory: string;
  readonly taskManagerHeapMb: number;
  /** Of the JobManager here; the TaskManager has the next one. Undefined: no metrics. */
  readonly metricsPort: number | undefined;
  /** An existing cluster; undefined where `up` runs the job here. */
  readonly cluster: ClusterConfig | undefined;
  /** Settings of Flink by their own names, over ours. */
  readonly flink: Readonly<Record<string, string>>;
  /** The e-wallet, for `verify`. */
  readonly wallet: ConnectionConfig | undefined;
  /** Where dbt's risk_signals are, for `verify` of alerts. */
  readonly warehouse: { readonly connection: ConnectionConfig; readonly schema: string } | undefined;
  /** Undefined where no alerts are computed. */
  readonly rules: Rules | undefined;
  /** Who gets alerts, and how; undefined where nobody does. */
  readonly delivery: DeliveryConfig | undefined;
}

/**
 * @param file path of the configuration; relative paths in it start in its directory
 * @throws Failure config_error naming the key and what it must be, never a value that may be secret
 */
export async function readRealtimeConfig(file: string): Promise<RealtimeConfig> {
  return parseRealtimeConfig(await readJsonObject(file), path.dirname(path.resolve(file)));
}

export function parseRealtimeConfig(value: unknown, directory: string): RealtimeConfig {
  const reader = new ConfigReader(value, '');
  const products = parseProducts(reader.texts('products'));
  const rules = reader.optionalObject('rules');
  const topicPrefix = parsePrefix(reader.text('topic_prefix', 'realtime'));
  const own = path.resolve(directory, reader.text('directory', 'realtime-cluster'));
  const config: RealtimeConfig = {
    bootstrapServers: parseServers(reader.text('bootstrap_servers')),
    security: parseSecurity(reader.optionalObject('protocol')),
    registry: parseRegistry(reader.object('schema_registry'), own),
    topicPattern: reader.text('topic_pattern', '{namespace}.{stream}'),
    namespace: reader.text('namespace', 'public'),
    topicPrefix,
    topicPartitions: reader.number('topic_partitions', 4, { min: 1, max: 10_000 }),
    topicReplicationFactor: reader.optionalNumber('topic_replication_factor'),
    products,
    parallelism: reader.number('parallelism', 1, { min: 1, max: 1_024 }),
    checkpointIntervalSeconds: reader.number('checkpoint_interval_seconds', 2, { min: 1, max: 3_600 }),
    correctionDays: reader.number('correction_days', 7, { min: 2, max: 3_650 }),
    sessionMinutes: reader.number('session_minutes', 30, { min: 1, max: 1_440 }),
    directory: own,
    taskManagerHeapMb: reader.number('task_manager_heap_mb', 768, { min: 512, max: 1_048_576 }),
    metricsPort: parsePort(reader.optionalNumber('metrics_port')),
    cluster: parseCluster(reader.optionalObject('cluster')),
    flink: reader.textMap('flink'),
    wallet: parseWallet(reader.optionalObject('wallet')),
    warehouse: parseWarehouse(reader.optionalObject('warehouse')),
    rules: products.includes('alerts') ? parseRules(rules, directory) : undefined,
    delivery: parseDelivery(reader.optionalObject('deliver'), topicPrefix),
  };
  reader.finish();
  if (config.cluster !== undefined && config.registry.truststore?.from !== undefined) {
    throw Failure.config(
      '`schema_registry.ca_certificate` with `cluster` needs `truststore` too: the path, on every machine of the cluster, of a PKCS12 or JKS file with that certificate.',
    );
  }
  if (config.delivery !== undefined) requireWhatIsDelivered(config.delivery, products);
  return config;
}

function requireWhatIsDelivered({ channels }: DeliveryConfig, products: readonly ProductName[]): void {
  const balances = channels.find(({ signals }) => signals.has(BALANCE_MISMATCH));
  if (balances !== undefined && !products.includes('balance_checks')) {
    throw Failure.config(
      `\`deliver.channels.${balances.name}.signals\` has "${BALANCE_MISMATCH}": \`products\` must have "balance_checks".`,
    );
  }
  const wantAlerts = channels.some(({ signals }) => [...signals].some((signal) => signal !== BALANCE_MISMATCH));
  if (wantAlerts && !products.includes('alerts')) {
    throw Failure.config('`deliver` tells people of alerts: `products` must have "alerts".');
  }
}

function parsePort(port: number | undefined): number | undefined {
  if (port === undefined || (port >= 1 && port < 65_535)) return port;
  throw Failure.config('`metrics_port` must be between 1 and 65534: the TaskManager has the next one.');
}

function parseServers(text: string): string {
  const servers = text.split(',').map((server) => server.trim());
  const wrong = servers.find((server) => !/^.+:\d{1,5}$/.test(server));
  if (wrong !== undefined) {
    throw Failure.config(
      `\`bootstrap_servers\` must be host:port, several separated by commas; ${JSON.stringify(wrong)} is not.`,
    );
  }
  return servers.join(',');
}

function parseWallet(reader: ConfigReader | undefined): ConnectionConfig | undefined {
  if (reader === undefined) return undefined;
  const connection = parseConnection(reader);
  reader.finish();
  return connection;
}

function parseWarehouse(reader: ConfigReader | undefined): RealtimeConfig['warehouse'] {
  if (reader === undefined) return undefined;
  const warehouse = { connection: parseConnection(reader), schema: reader.text('schema', 'marts') };
  reader.finish();
  return warehouse;
}

function parseConnection(reader: ConfigReader): ConnectionConfig {
  return parseConnectKeys(reader.text('connection.url'), undefined, reader.optionalText('connection.password'));
}

function parsePrefix(text: string): string {
  if (/^[A-Za-z0-9._-]{1,150}$/.test(text)) return text;
  throw Failure.config('`topic_prefix` may have letters, digits, ".", "_" and "-" only.');
}

function parseProducts(names: readonly string[]): readonly ProductName[] {
  if (names.length === 0) return DEFAULT_PRODUCTS;
  const wrong = names.find((name) => !PRODUCTS.some((known) => known === name));
  if (wrong !== undefined) {
    throw Failure.config(`\`products\` has ${JSON.stringify(wrong)}; it may have ${PRODUCTS.join(', ')}.`);
  }
  return PRODUCTS.filter((name) => names.includes(name));
}
