import { openKafka } from '@ewallet/kafka';
import { logLevel, type IHeaders, type Kafka, type Message, type Producer } from 'kafkajs';
import type { SinkConfig } from '../config/sink-config';
import { withWarehouse } from '../state/with-warehouse';
import { contextHeaders } from './context-headers';
import { sendPending, type StoredDeadLetter } from './pending';

const LETTERS_A_TRANSACTION = 500;

/** Opens a producer for as long as `job` runs. */
export async function withDeadLetterProducer<Result>(
  config: SinkConfig,
  job: (producer: Producer) => Promise<Result>,
): Promise<Result> {
  const { brokers, clientId, ssl, sasl } = config.kafka;
  const kafka = openKafka({
    clientId,
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    ...(ssl === false ? {} : { ssl: { ...ssl } }),
    ...(sasl === undefined ? {} : { sasl: sasl as never }),
  });
  if (config.errors.topic !== undefined) await createTopic(kafka, config.errors.topic, config.errors.replicationFactor);
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    return await job(producer);
  } finally {
    await producer.disconnect();
  }
}

async function createTopic(kafka: Kafka, topic: string, replicationFactor: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { brokers } = await admin.describeCluster();
    await admin.createTopics({
      topics: [{ topic, numPartitions: 1, replicationFactor: Math.min(replicationFactor, brokers.length) }],
    });
  } finally {
    await admin.disconnect();
  }
}

/** Produces what lies in sink.dead_letters to the dead letter topic. Returns how many there were. */
export async function publishDeadLetters(config: SinkConfig, topic: string): Promise<number> {
  return withDeadLetterProducer(config, async (producer) =>
    withWarehouse(config, async (client) => {
      let total = 0;
      for (;;) {
        const sent = await sendPending(client, config.name, {
          mark: 'produced_at',
          limit: LETTERS_A_TRANSACTION,
          send: async (letters) => {
            await producer.send({
              topic,
              acks: -1,
              messages: letters.map((letter) => deadLetterMessage(config, letter)),
            });
          },
        });
        total += sent;
        if (sent < LETTERS_A_TRANSACTION) return total;
      }
    }),
  );
}

function deadLetterMessage(config: SinkConfig, letter: StoredDeadLetter): Message {
  const context = config.errors.contextHeaders ? contextHeaders(config.name, letter) : {};
  return { ...originalMessage(letter), headers: { ...originalHeaders(letter), ...context } };
}

/** Key, value and headers as the source topic had them. */
export function originalMessage(letter: StoredDeadLetter): Message {
  return {
    key: letter.key,
    value: letter.value,
    headers: originalHeaders(letter),
    timestamp: String(letter.timestamp),
  };
}

function originalHeaders({ headers }: StoredDeadLetter): IHeaders {
  const grouped: Record<string, Buffer | Buffer[]> = {};
  for (const { name, value } of headers) {
    const present = grouped[name];
    const bytes = value ?? Buffer.alloc(0);
    if (present === undefined) grouped[name] = bytes;
    else grouped[name] = [...(Array.isArray(present) ? present : [present]), bytes];
  }
  return grouped;
}
