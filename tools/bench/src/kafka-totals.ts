import { Failure } from '@ewallet/failure';
import { FramedReader, SchemaRegistry } from '@ewallet/avro';
import type { StackConnections } from '@ewallet/stack-connections';
import { Kafka, logLevel } from 'kafkajs';
import { registerCodecs } from './kafka-codecs';
import { TotalsCounter, type Totals } from './money';

/** What a read-committed consumer finds in a topic, and how large the records' keys and values are. */
export interface TopicTotals {
  readonly totals: Totals;
  readonly bytes: number;
}

/** Milliseconds without a record after which the topic counts as read to its end. */
const SILENCE = 10_000;

/**
 * Reads a topic of transactions from the beginning.
 *
 * @param expected how many records there should be; reading ends there, or when nothing more comes
 */
export async function readTopicTotals(stack: StackConnections, topic: string, expected: number): Promise<TopicTotals> {
  registerCodecs();
  const kafka = new Kafka({ brokers: [stack.kafka.bootstrapServers], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `bench-${topic}-${Date.now()}`, maxBytesPerPartition: 4 << 20 });
  const registry = new SchemaRegistry({ url: stack.schemaRegistry.url });
  const values = new FramedReader(registry);
  const counter = new TotalsCounter();
  let bytes = 0;
  let records = 0;
  let lastRecord = Date.now();
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const timer = setInterval(() => {
        if (records < expected && Date.now() - lastRecord < SILENCE) return;
        clearInterval(timer);
        resolve();
      }, 100);
      consumer
        .run({
          eachBatch: async ({ batch }) => {
            for (const { key, value } of batch.messages) {
              if (value === null) throw Failure.system(`Topic ${topic} holds a tombstone.`);
              const row = (await values.read(value)) as Row;
              counter.add(row.currency, row.amount, row.fee);
              records += 1;
              bytes += (key?.length ?? 0) + value.length;
            }
            lastRecord = Date.now();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
    registry.close();
  }
  return { totals: counter.totals(), bytes };
}

interface Row {
  readonly currency: string;
  readonly amount: string;
  readonly fee: string;
}

export async function partitionsOf(stack: StackConnections, topic: string): Promise<number> {
  return withAdmin(stack, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length ?? 0;
  });
}

export async function createTopic(stack: StackConnections, topic: string, numPartitions: number): Promise<void> {
  await withAdmin(stack, (admin) => admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true }));
}

export async function deleteTopic(stack: StackConnections, topic: string): Promise<void> {
  await withAdmin(stack, (admin) => admin.deleteTopics({ topics: [topic] }));
}

async function withAdmin<T>(
  stack: StackConnections,
  work: (admin: ReturnType<Kafka['admin']>) => Promise<T>,
): Promise<T> {
  const admin = new Kafka({ brokers: [stack.kafka.bootstrapServers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
