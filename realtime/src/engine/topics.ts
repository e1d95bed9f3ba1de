import { Failure } from '@ewallet/failure';
import { ConfigResourceTypes, type Admin } from 'kafkajs';
import type { RealtimeConfig } from '../config/realtime-config';
import { kafkaClient } from './kafka-client';

/**
 * Makes topics where they are missing: compacted those whose records are the newest version of each key, plain those that
 * are a log.
 *
 * @throws Failure config_error where a topic exists and is not compacted, as it would forget keys
 */
export async function provideTopics(
  config: RealtimeConfig,
  topics: readonly string[],
  kind: 'compacted' | 'log' = 'compacted',
): Promise<void> {
  const admin = kafkaClient(config, 'ewallet-realtime').admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !existing.has(topic));
    if (missing.length > 0) {
      await admin.createTopics({
        waitForLeaders: true,
        topics: missing.map((topic) => ({
          topic,
          numPartitions: config.topicPartitions,
          replicationFactor: config.topicReplicationFactor ?? -1,
          configEntries: kind === 'compacted' ? [{ name: 'cleanup.policy', value: 'compact' }] : [],
        })),
      });
    }
    if (kind === 'compacted') {
      for (const topic of topics.filter((name) => existing.has(name))) await refuseUncompacted(admin, topic);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw Failure.transient(
      `The brokers at ${config.bootstrapServers} could not provide the topics ${topics.join(', ')}: ${reason}. Check \`bootstrap_servers\`, \`protocol\` and the user's right to create topics.`,
      { cause: error },
    );
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function refuseUncompacted(admin: Admin, topic: string): Promise<void> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['cleanup.policy'] }],
  });
  const policy = resources[0]?.configEntries[0]?.configValue;
  if (policy === undefined || policy.split(',').includes('compact')) return;
  throw Failure.config(
    `Topic ${topic} has cleanup.policy=${policy}: it would forget results. Set it to compact, or choose another \`topic_prefix\`.`,
  );
}
