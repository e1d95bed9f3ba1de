import { controlKeySchema, controlValueSchema, exactAvroType, frame, SchemaRegistry } from '@ewallet/avro';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { services } from '../services';

/** Writes records as the destination does, for what a sync of the test's e-wallet does not write by itself. */
export class TopicRecords {
  private constructor(
    private readonly kafka: Kafka,
    private readonly registry: SchemaRegistry,
    private readonly producer: Producer,
  ) {}

  static async open(): Promise<TopicRecords> {
    const stack = await services();
    const kafka = new Kafka({ brokers: [stack.kafka.bootstrapServers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    return new TopicRecords(kafka, new SchemaRegistry({ url: stack.schemaRegistry.url }), producer);
  }

  async close(): Promise<void> {
    await this.producer.disconnect();
    this.registry.close();
  }

  /** As change data capture says that a row is gone. */
  async tombstone(topic: string, id: number): Promise<void> {
    await this.producer.send({ topic, messages: [{ key: await this.key(topic, id), value: null }] });
  }

  /** The same in a Kafka transaction that is aborted: it counts for nobody. */
  async abortedTombstone(topic: string, id: number): Promise<void> {
    const producer = this.kafka.producer({
      transactionalId: `${topic}-aborted`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ key: await this.key(topic, id), value: null }] });
      await transaction.abort();
    } finally {
      await producer.disconnect();
    }
  }

  /** What the destination writes when an overwrite is complete: no row, and its key has no id. */
  async control(topic: string): Promise<void> {
    const encode = async (part: 'key' | 'value', schema: unknown, value: unknown): Promise<Buffer> =>
      frame(await this.registry.register(`${topic}-control-${part}`, schema), exactAvroType(schema).toBuffer(value));
    const control = 'generation_complete';
    const key = await encode('key', controlKeySchema, { control });
    const value = await encode('value', controlValueSchema, { control, generation_id: 0, completed_at: 0 });
    await this.producer.send({ topic, messages: [{ key, value, headers: { control } }] });
  }

  private async key(topic: string, id: number): Promise<Buffer> {
    const registered = await this.registry.latest(`${topic}-key`);
    if (registered === undefined) throw new Error(`${topic} has no key schema`);
    return frame(registered.id, exactAvroType(registered.schema).toBuffer({ id }));
  }
}
