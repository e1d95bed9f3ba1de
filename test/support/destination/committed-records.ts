import { FramedReader, SchemaRegistry } from '@ewallet/avro';
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { randomBytes } from 'node:crypto';

export interface CommittedRecord {
  readonly partition: number;
  readonly offset: number;
  /** Decoded; null for the null key. */
  readonly key: unknown;
  /** Decoded; null for a tombstone. */
  readonly value: unknown;
  readonly rawValue: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

const SENTINEL = 'test-sentinel';

/**
 * Every record of a topic that a read-committed consumer sees, in order of partition and offset. A record of ours is
 * appended to each partition first, and reading ends when it comes by: no time-out decides what "every" means.
 */
export async function committedRecords(
  connection: Omit<KafkaConfig, 'logLevel'>,
  registryUrl: string,
  topic: string,
  options: { readonly decode: boolean } = { decode: true },
): Promise<readonly CommittedRecord[]> {
  const kafka = new Kafka({ ...connection, logLevel: logLevel.NOTHING });
  const registry = new SchemaRegistry({ url: registryUrl });
  const framed = new FramedReader(registry);
  const mark = randomBytes(8).toString('hex');
  const partitions = await appendSentinels(kafka, topic, mark);
  const consumer = kafka.consumer({ groupId: `test-${mark}`, maxWaitTimeInMs: 200 });
  const records: CommittedRecord[] = [];
  const decode = async (bytes: Buffer | null): Promise<unknown> => {
    if (bytes === null || !options.decode) return bytes;
    return { ...((await framed.read(bytes)) as object) };
  };
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const waiting = new Set(Array.from({ length: partitions }, (_, partition) => partition));
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
      consumer
        .run({
          eachMessage: async ({ partition, message }) => {
            const headers = Object.fromEntries(
              Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
            );
            if (headers[SENTINEL] !== undefined) {
              if (headers[SENTINEL] === mark) waiting.delete(partition);
              if (waiting.size === 0) resolve();
              return;
            }
            records.push({
              partition,
              offset: Number(message.offset),
              key: await decode(message.key),
              value: await decode(message.value),
              rawValue: message.value,
              headers,
            });
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
    registry.close();
  }
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

async function appendSentinels(kafka: Kafka, topic: string, mark: string): Promise<number> {
  const admin = kafka.admin();
  const producer = kafka.producer({
    createPartitioner:
      () =>
      ({ message }) =>
        Number(message.partition),
  });
  try {
    await admin.connect();
    await producer.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]!.partitions.length;
    const messages = Array.from({ length: partitions }, (_, partition) => ({
      partition,
      key: SENTINEL,
      value: null,
      headers: { [SENTINEL]: mark },
    }));
    await producer.send({ topic, messages });
    return partitions;
  } finally {
    await producer.disconnect();
    await admin.disconnect();
  }
}
