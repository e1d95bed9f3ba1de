import { Failure } from '@ewallet/failure';
import type { ClientBase } from 'pg';
import { partitionKey, type TopicPartition } from '@ewallet/kafka';
import { SINK_SCHEMA } from '@ewallet/sink-schema';

export interface OffsetChange extends TopicPartition {
  /** Null forgets the partition: it starts over. */
  readonly offset: number | null;
}

/**
 * Kafka Connect's `{offsets: [{partition: {kafka_topic, kafka_partition}, offset: {kafka_offset} | null}]}`.
 *
 * @throws Failure naming what is wrong with the body
 */
export function parseOffsetChanges(body: unknown): OffsetChange[] {
  const { offsets } = (typeof body === 'object' && body !== null ? body : {}) as { offsets?: unknown };
  if (!Array.isArray(offsets) || offsets.length === 0) throw Failure.config('Partitions / offsets need to be provided');
  return offsets.map((entry: unknown) => {
    const { partition, offset } = (entry ?? {}) as { partition?: Record<string, unknown>; offset?: unknown };
    const { kafka_topic: topic, kafka_partition: number } = partition ?? {};
    if (typeof topic !== 'string' || typeof number !== 'number' || !Number.isInteger(number)) {
      throw Failure.config('The partition must be {"kafka_topic": text, "kafka_partition": whole number}.');
    }
    if (offset === null) return { topic, partition: number, offset: null };
    const { kafka_offset: to } = (typeof offset === 'object' ? offset : {}) as { kafka_offset?: unknown };
    if (typeof to !== 'number' || !Number.isSafeInteger(to) || to < 0) {
      throw Failure.config('The offset must be null or {"kafka_offset": whole number from 0}.');
    }
    return { topic, partition: number, offset: to };
  });
}

/**
 * A partition that the connector does not read would be an offset that nothing ever looks at, most often a typing error.
 * What the warehouse still has of a topic that is gone may be forgotten.
 *
 * @param readable the partitions of the connector's topics that exist in Kafka
 * @param held the partitions that the warehouse has an offset of
 * @throws Failure naming the first partition that is neither
 */
export function refuseUnknownPartitions(
  changes: readonly OffsetChange[],
  readable: readonly TopicPartition[],
  held: readonly TopicPartition[],
): void {
  const known = new Set(readable.map(partitionKey));
  const stored = new Set(held.map(partitionKey));
  const unknown = changes.find(
    (change) => !known.has(partitionKey(change)) && !(change.offset === null && stored.has(partitionKey(change))),
  );
  if (unknown === undefined) return;
  const count = readable.filter(({ topic }) => topic === unknown.topic).length;
  throw Failure.config(
    count === 0
      ? `Topic ${unknown.topic} does not exist, or the connector's topics and topics.regex do not choose it. No offset was changed.`
      : `Topic ${unknown.topic} has no partition ${unknown.partition}; it has 0 to ${count - 1}. No offset was changed.`,
  );
}

/**
 * Moves offsets, all or none, and raises the fences, so that no sink that runs elsewhere continues from where it was. Whoever moves an
 * offset means the topic that has the name now, so its id is learnt again.
 */
export async function changeOffsets(
  client: ClientBase,
  connector: string,
  changes: readonly OffsetChange[],
): Promise<void> {
  await client.query('begin');
  try {
    for (const change of changes) await changeOffset(client, connector, change);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function changeOffset(client: ClientBase, connector: string, change: OffsetChange): Promise<void> {
  const { topic, partition, offset } = change;
  if (offset === null) {
    await client.query(`delete from ${SINK_SCHEMA}.offsets where connector = $1 and topic = $2 and partition = $3`, [
      connector,
      topic,
      partition,
    ]);
    return;
  }
  await client.query(
    `insert into ${SINK_SCHEMA}.offsets as held (connector, topic, partition, next_offset, fence) values ($1, $2, $3, $4, 1)
     on conflict (connector, topic, partition) do update
       set next_offset = excluded.next_offset, fence = held.fence + 1, topic_id = null, updated_at = now()`,
    [connector, topic, partition, offset],
  );
}

export async function deleteOffsets(client: ClientBase, connector: string): Promise<void> {
  await client.query(`delete from ${SINK_SCHEMA}.offsets where connector = $1`, [connector]);
}
