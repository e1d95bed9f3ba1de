import { Kafka, logLevel, type Producer } from 'kafkajs';
import type { SchemaRegistry } from '@ewallet/avro';
import { exactAvroType, frame, mapStream, type StreamMapping } from '@ewallet/avro';

import { eventually } from '../eventually';

export interface KeyValue {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, string>;
  readonly partition?: number;
}

/** A stream's mapping with its schemas registered, to make records as the destination does. */
export class StreamWriter {
  private constructor(
    readonly topic: string,
    readonly mapping: StreamMapping,
    private readonly keyId: number,
    readonly valueId: number,
  ) {}

  static async register(
    registry: SchemaRegistry,
    topic: string,
    stream: string,
    properties: Record<string, unknown>,
    primaryKey: readonly string[] = ['id'],
  ): Promise<StreamWriter> {
    const mapping = mapStream({
      namespace: 'public',
      name: stream,
      jsonSchema: { type: 'object', properties },
      primaryKey: primaryKey.map((column) => [column]),
    });
    const keyId = mapping.keySchema === undefined ? -1 : await registry.register(`${topic}-key`, mapping.keySchema);
    return new StreamWriter(topic, mapping, keyId, await registry.register(`${topic}-value`, mapping.valueSchema));
  }

  /** `row` holds Avro values (bigint above 2^53, microseconds, exact decimal text) by column name; what is missing is null. */
  record(row: Record<string, unknown>, generationId = 0): KeyValue {
    const { mapping } = this;
    const value: Record<string, unknown> = {
      _airbyte_extracted_at: 1_700_000_000_000_000,
      _airbyte_meta: '{"sync_id":1,"changes":[]}',
      _airbyte_generation_id: generationId,
    };
    for (const column of mapping.columns) value[column.field] = row[column.name] ?? null;
    return {
      key: this.key(row),
      value: frame(this.valueId, exactAvroType(mapping.valueSchema).toBuffer(value)),
      headers: { stream: mapping.stream.name, namespace: mapping.stream.namespace ?? '' },
    };
  }

  tombstone(row: Record<string, unknown>): KeyValue {
    return { key: this.key(row), value: null, headers: { stream: this.mapping.stream.name } };
  }

  private key(row: Record<string, unknown>): Buffer | null {
    const { keySchema, keyColumns } = this.mapping;
    if (keySchema === undefined) return null;
    const key = Object.fromEntries(keyColumns.map((column) => [column.field, row[column.name]]));
    return frame(this.keyId, exactAvroType(keySchema).toBuffer(key));
  }
}

/** A kafkajs client that keeps quiet: retries are not worth a line in a test's output. */
export function quietKafka(bootstrapServers: string): Kafka {
  return new Kafka({ clientId: 'test', brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING });
}

export async function createTopic(kafka: Kafka, topic: string, partitions = 1): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: partitions }] });
    // kafkajs's own wait gives up on a broker that has not heard of the topic yet.
    await eventually(async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const led = topics[0]?.partitions.filter(({ leader }) => leader >= 0).length;
      if (led !== partitions) throw new Error(`${topic} has ${led} of ${partitions} leaders`);
    });
  } finally {
    await admin.disconnect();
  }
}

/** Runs `job` with a connected idempotent transactional producer. */
export async function withProducer<Result>(
  kafka: Kafka,
  transactionalId: string,
  job: (producer: Producer) => Promise<Result>,
): Promise<Result> {
  const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    return await job(producer);
  } finally {
    await producer.disconnect();
  }
}

/** Sends all records in one transaction and commits or aborts it. */
export async function transact(
  producer: Producer,
  topic: string,
  records: readonly KeyValue[],
  outcome: 'commit' | 'abort' = 'commit',
): Promise<void> {
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: records.map((record) => ({ ...record })) });
  if (outcome === 'commit') await transaction.commit();
  else await transaction.abort();
}
