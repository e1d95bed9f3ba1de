import { Failure } from '@ewallet/failure';
import { DEFAULT_PATIENCE, openCluster, openKafka, readTopic, type KafkaConnection } from '@ewallet/kafka';
import { FramedReader, SchemaRegistry } from '@ewallet/avro';
import type { StackConnections } from '@ewallet/stack-connections';
import { logLevel, type Kafka } from 'kafkajs';
import { TotalsCounter, type Totals } from './money';

/** What a read-committed consumer finds in a topic, and how large the records' keys and values are. */
export interface TopicTotals {
  readonly totals: Totals;
  readonly bytes: number;
}

/** Reads a topic of transactions from its beginning to its end. */
export async function readTopicTotals(stack: StackConnections, topic: string): Promise<TopicTotals> {
  const cluster = openCluster(connectionTo(stack), DEFAULT_PATIENCE, () => undefined);
  const registry = new SchemaRegistry({ url: stack.schemaRegistry.url });
  const values = new FramedReader(registry);
  const counter = new TotalsCounter();
  let bytes = 0;
  try {
    await cluster.connect();
    for await (const { keyStart, keyEnd, valueStart, valueEnd, bytes: batch } of readTopic(cluster, topic)) {
      if (valueStart < 0) throw Failure.system(`Topic ${topic} holds a tombstone.`);
      const row = (await values.read(batch.subarray(valueStart, valueEnd))) as Row;
      counter.add(row.currency, row.amount, row.fee);
      bytes += keyEnd - keyStart + valueEnd - valueStart;
    }
  } finally {
    registry.close();
    await cluster.disconnect();
  }
  return { totals: counter.totals(), bytes };
}

function connectionTo(stack: StackConnections): KafkaConnection {
  const brokers = [stack.kafka.bootstrapServers];
  return { brokers, clientId: 'ewallet-bench', ssl: false, requestTimeoutMs: 30_000 };
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
  const admin = openKafka({ brokers: [stack.kafka.bootstrapServers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
