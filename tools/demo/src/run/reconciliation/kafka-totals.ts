import { Failure } from '@ewallet/failure';
import { CONTROL_HEADER, FramedReader, SchemaRegistry } from '@ewallet/avro';
import { Kafka, logLevel, type Consumer, type KafkaMessage } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { exact } from './database-totals';
import { Tally, type Measured, type Totals } from './totals';

/** What a topic says of one key: its last record's currency and amounts. */
interface LastRow {
  readonly currency: string;
  readonly amounts: readonly bigint[];
}

/** A topic's name for each stream that is compared. */
export type TopicOf = (stream: string) => string;

/**
 * Reads every topic from its beginning, committed records only, keeps the last record of each key, and adds those up:
 * what a consumer of the topics knows of the e-wallet. Takes memory for each key.
 */
export async function kafkaTotals(
  bootstrapServers: string,
  registryUrl: string,
  streams: readonly Measured[],
  topicOf: TopicOf,
  group: string,
): Promise<ReadonlyMap<string, Totals>> {
  const kafka = new Kafka({
    clientId: 'ewallet-demo',
    brokers: bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
  });
  const registry = new SchemaRegistry({ url: registryUrl });
  const consumer = kafka.consumer({ groupId: group, readUncommitted: false });
  const values = new FramedReader(registry);
  const readers = new Map(streams.map((stream) => [topicOf(stream.stream), new TopicReader(stream, values)]));
  try {
    const ends = await topicEnds(kafka, [...readers.keys()]);
    await consumer.connect();
    await consumer.subscribe({ topics: [...readers.keys()], fromBeginning: true });
    await readTo(ends, consumer, async (topic, messages) => readers.get(topic)?.read(messages));
  } finally {
    await consumer.disconnect();
    registry.close();
  }
  return new Map([...readers.values()].map((reader) => [reader.measured.stream, reader.totals()]));
}

class TopicReader {
  readonly #last = new Map<string, LastRow>();

  constructor(
    readonly measured: Measured,
    private readonly values: FramedReader,
  ) {}

  async read(messages: readonly KafkaMessage[]): Promise<void> {
    for (const { key, value, headers } of messages) {
      if (headers?.[CONTROL_HEADER] !== undefined || key === null) continue;
      const identity = key.toString('latin1');
      if (value === null) this.#last.delete(identity);
      else this.#last.set(identity, this.row((await this.values.read(value)) as Readonly<Record<string, unknown>>));
    }
  }

  totals(): Totals {
    const tally = new Tally(this.measured);
    for (const { currency, amounts } of this.#last.values()) tally.add(currency, 1n, amounts);
    return tally.totals();
  }

  private row(record: Readonly<Record<string, unknown>>): LastRow {
    const { stream, currency, amounts } = this.measured;
    return {
      currency: currency === undefined ? '' : text(record[currency]),
      amounts: amounts.map(({ column, scale, unsigned }) => {
        const value = record[column];
        const units = value === null ? 0n : exact(text(value), scale, stream);
        return unsigned && units < 0n ? -units : units;
      }),
    };
  }
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw Failure.system(`a decimal or a currency in Kafka is a ${typeof value}, not text`);
}

/** The offset after the last one of each partition that holds anything, by `topic/partition`. */
async function topicEnds(kafka: Kafka, topics: readonly string[]): Promise<Map<string, bigint>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const ends = new Map<string, bigint>();
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        if (BigInt(high) > BigInt(low)) ends.set(`${topic}/${partition}`, BigInt(high));
      }
    }
    return ends;
  } finally {
    await admin.disconnect();
  }
}

/** Runs the consumer until every partition is read to its end. Its last record is a transaction's marker, which no
 * handler sees; the event after a batch tells its offset too. */
async function readTo(
  ends: Map<string, bigint>,
  consumer: Consumer,
  read: (topic: string, messages: readonly KafkaMessage[]) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  let crash: Error | undefined;
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    const partition = `${payload.topic}/${payload.partition}`;
    if (BigInt(payload.lastOffset) + 1n >= (ends.get(partition) ?? 0n)) ends.delete(partition);
    if (ends.size === 0) stop.abort();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    crash = payload.error;
    stop.abort();
  });
  if (ends.size === 0) return;
  await consumer.run({
    autoCommit: false,
    eachBatch: async (payload) => {
      await read(payload.batch.topic, payload.batch.messages);
      await payload.heartbeat();
    },
  });
  await sleep(600_000, undefined, { signal: stop.signal }).catch(() => undefined);
  if (crash !== undefined)
    throw Failure.transient('reading the topics failed', { cause: crash, detail: crash.message });
  if (ends.size > 0) throw Failure.transient(`the topics were not read to their end: ${[...ends.keys()].join(', ')}`);
}
