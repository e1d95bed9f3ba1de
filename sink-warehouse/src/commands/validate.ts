import { count } from '@ewallet/failure';
import { SchemaRegistry } from '@ewallet/avro';
import { migrateSinkSchema } from '@ewallet/sink-schema';
import { DEFAULT_PATIENCE, openCluster } from '@ewallet/kafka';
import { readConfigFile } from '../config/config-file';
import { parseSinkConfig } from '../config/sink-config';
import { failureWithKafka } from '../run/kafka-failure';
import { chosenPartitions } from '../run/topic-watch';
import { refuseLentServers } from '../state/pooler';
import { openWarehouse, withWarehouse } from '../state/with-warehouse';

/** Tries everything that `run` needs, and says what was found. The first fault is the exit. */
export async function validateCommand(path: string): Promise<void> {
  let hasTopics: boolean;
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const config = parseSinkConfig(readConfigFile(path, process.env));
  say(`configuration: ${config.name}, insert.mode=${config.insertMode}, tables ${config.tableNameFormat}`);
  const cluster = openCluster(config.kafka, DEFAULT_PATIENCE, () => undefined);
  try {
    await cluster.connect();
    await cluster.refreshMetadata();
    const partitions = await chosenPartitions(cluster, config.topics, config.errors.topic);
    const topics = new Set(partitions.map(({ topic }) => topic));
    hasTopics = topics.size > 0;
    say(
      `kafka: ${count(topics.size, 'topic')} with ${count(partitions.length, 'partition')}: ${[...topics].join(', ') || 'none yet'}`,
    );
  } catch (error) {
    throw failureWithKafka(error, config.kafka.brokers);
  } finally {
    await cluster.disconnect();
  }
  const registry = new SchemaRegistry({ ...config.registry, attempts: 1 });
  try {
    say(`registry: ${count((await registry.subjects()).length, 'subject')}`);
  } finally {
    registry.close();
  }
  await withWarehouse(config, async (client) => {
    await refuseLentServers(client, async () => openWarehouse(config));
    const migration = await migrateSinkSchema(client);
    const { rows } = await client.query<{ version: string; may_create: boolean }>(
      `select pg_catalog.current_setting('server_version') as version,
         pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create, temporary') as may_create`,
    );
    say(
      `warehouse: PostgreSQL ${rows[0]?.version ?? '?'}, ${rows[0]?.may_create === true ? 'may create schemas' : 'may not create schemas'}, schema sink at migration ${migration}`,
    );
  });
  if (!hasTopics) {
    say(
      'warning: nothing lands yet, as no topic is there that the configuration names. Run a first sync; where one ran, compare topics or topics.regex with the topic_pattern of the destination.',
    );
  }
  say('valid');
}
