import { FramedReader, SchemaRegistry } from '@ewallet/avro';
import { openKafka } from '@ewallet/kafka';
import { logLevel, type Kafka } from 'kafkajs';
import type { BenchSession } from './bench-session';

/** A read-committed consumer of one topic, from its beginning on. */
export class TopicWatch {
  private constructor(
    private readonly consumer: ReturnType<Kafka['consumer']>,
    private readonly registry: SchemaRegistry,
  ) {}

  /** @param arrived called with each decoded value and the time in milliseconds at which its batch came */
  static async start(
    { stack }: BenchSession,
    topic: string,
    arrived: (value: unknown, now: number) => void,
  ): Promise<TopicWatch> {
    const kafka = openKafka({ brokers: [stack.kafka.bootstrapServers], logLevel: logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: `bench-${topic}`, maxWaitTimeInMs: 100, readUncommitted: false });
    const registry = new SchemaRegistry({ url: stack.schemaRegistry.url });
    const values = new FramedReader(registry);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({
      eachBatch: async ({ batch }) => {
        const now = Date.now();
        for (const { value } of batch.messages) if (value !== null) arrived(await values.read(value), now);
      },
    });
    await joined;
    return new TopicWatch(consumer, registry);
  }

  async stop(): Promise<void> {
    await this.consumer.disconnect();
    this.registry.close();
  }
}
