import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { postgresUrl, type StackConnections } from '@ewallet/stack-connections';
import { command, ROOT } from './project';

export const SINK_NAME = 'wallet';
export const REALTIME_SINK_NAME = 'realtime';
export const PUBLICATION = 'wallet';

/** Files with each part's configuration, as a user would write them; `--keep` leaves them to try the parts by hand. */
export interface ConfigurationFiles {
  readonly source: string;
  readonly destination: string;
  readonly sink: string;
  readonly sync: string;
  readonly audit: string;
  readonly pipeline: string;
  readonly realtime: string;
  /** Of the second sink connector, which lands what the stream computes. */
  readonly realtimeSink: string;
}

/**
 * Least sums that came in, about 100 dollars each, as stream and batch have to take the same one: in the reporting currency
 * one takes the newest rate and the other that of the day.
 */
export const IN_OUT_AMOUNTS = { USD: 100, SGD: 135, PHP: 5_700, IDR: 1_600_000, VND: 2_500_000, THB: 3_500 };

export async function writeConfigurations(
  dir: string,
  connections: StackConnections,
  { cdc, realtime }: { readonly cdc: boolean; readonly realtime: boolean },
): Promise<ConfigurationFiles> {
  const folder = path.join(dir, 'config');
  await mkdir(folder, { recursive: true });
  const files = {
    source: path.join(folder, 'source.json'),
    destination: path.join(folder, 'destination.json'),
    sink: path.join(folder, 'sink.json'),
    sync: path.join(folder, 'sync.json'),
    audit: path.join(folder, 'audit.json'),
    pipeline: path.join(folder, 'pipeline.json'),
    realtime: path.join(folder, 'realtime.json'),
    realtimeSink: path.join(folder, 'realtime-sink.json'),
  };
  const { source, warehouse, kafka, schemaRegistry } = connections;
  const capture = {
    method: 'CDC',
    replication_slot: 'wallet',
    publication: PUBLICATION,
    slot_creation: 'if_missing',
  };
  await write(files.source, {
    ...source,
    schemas: ['public'],
    ssl_mode: { mode: 'disable' },
    ...(cdc ? { replication_method: capture } : {}),
  });
  await write(files.destination, {
    bootstrap_servers: kafka.bootstrapServers,
    topic_pattern: '{namespace}.{stream}',
    protocol: { security_protocol: 'PLAINTEXT' },
    schema_registry: { url: schemaRegistry.url },
  });
  const sink = {
    'consumer.override.bootstrap.servers': kafka.bootstrapServers,
    'connection.url': postgresUrl(warehouse),
    'value.converter.schema.registry.url': schemaRegistry.url,
    'insert.mode': 'upsert',
    'pk.mode': 'record_key',
    'auto.create': true,
    'auto.evolve': true,
    'rest.port': 0,
  };
  await write(files.sink, { name: SINK_NAME, 'topics.regex': 'public\\..*', ...sink });
  await write(files.realtimeSink, {
    name: REALTIME_SINK_NAME,
    'topics.regex': 'realtime\\..*',
    'table.name.format': 'realtime.${stream}',
    'delete.enabled': true,
    ...sink,
  });
  await write(files.realtime, {
    bootstrap_servers: kafka.bootstrapServers,
    schema_registry: { url: schemaRegistry.url },
    products: ['minute_volumes', 'alerts'],
    topic_partitions: 1,
    directory: path.join(dir, 'realtime'),
    // Small: the whole demo has to fit into 3 GB.
    task_manager_heap_mb: 512,
    rules: { dbt_project: path.join(ROOT, 'dbt', 'dbt_project.yml'), in_out_amounts: IN_OUT_AMOUNTS },
    wallet: { 'connection.url': postgresUrl(source) },
    warehouse: { 'connection.url': postgresUrl(warehouse) },
  });
  await write(files.sync, {
    name: 'wallet',
    state_directory: path.join(dir, 'sync-state'),
    source: { command: [command('source-ewallet')], config_file: files.source },
    destination: { command: [command('destination-kafka')], config_file: files.destination },
  });
  await write(files.audit, {
    source: { config_file: files.source },
    warehouse: { config_file: files.sink },
  });
  await write(files.pipeline, {
    sync: { config_file: files.sync },
    sink: { config_file: files.sink },
    // A part that the demo leaves out is none that is down.
    ...(realtime && { realtime: { config_file: files.realtime } }),
  });
  return files;
}

async function write(file: string, config: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}
