import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { postgresUrl, type Connections } from './connections';

export const SINK_NAME = 'wallet';

/** Files with each part's configuration, as a user would write them; `--keep` leaves them to try the parts by hand. */
export interface ConfigurationFiles {
  readonly source: string;
  readonly destination: string;
  readonly sink: string;
  readonly sync: string;
}

export async function writeConfigurations(dir: string, connections: Connections): Promise<ConfigurationFiles> {
  const folder = path.join(dir, 'config');
  await mkdir(folder, { recursive: true });
  const files = {
    source: path.join(folder, 'source.json'),
    destination: path.join(folder, 'destination.json'),
    sink: path.join(folder, 'sink.json'),
    sync: path.join(folder, 'sync.json'),
  };
  const { source, warehouse, kafka, schemaRegistry } = connections;
  const sourceConfig = { ...source, schemas: ['public'], ssl_mode: { mode: 'disable' } };
  const destinationConfig = {
    bootstrap_servers: kafka.bootstrapServers,
    topic_pattern: '{namespace}.{stream}',
    protocol: { security_protocol: 'PLAINTEXT' },
    schema_registry: { url: schemaRegistry.url },
  };
  await write(files.source, sourceConfig);
  await write(files.destination, destinationConfig);
  await write(files.sink, {
    name: SINK_NAME,
    'topics.regex': 'public\\..*',
    'consumer.override.bootstrap.servers': kafka.bootstrapServers,
    'connection.url': postgresUrl(warehouse),
    'value.converter.schema.registry.url': schemaRegistry.url,
    'insert.mode': 'upsert',
    'pk.mode': 'record_key',
    'auto.create': true,
    'auto.evolve': true,
    'rest.port': 0,
  });
  await write(files.sync, {
    source: { command: 'source-ewallet', config: sourceConfig },
    destination: { command: 'destination-kafka', config: destinationConfig },
    state: path.join(dir, 'state.json'),
  });
  return files;
}

async function write(file: string, config: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}
