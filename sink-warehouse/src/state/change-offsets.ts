import { Failure } from '@ewallet/failure';
import type { ClientBase } from 'pg';
import type { TopicPartition } from '@ewallet/kafka';
import { STATE_SCHEMA } from './schema';

interface OffsetChange extends TopicPartition {
  /** Null forgets the partition: it begins anew. */
  readonly offset: number | null;
}

/**
 * Kafka Connect's `{offsets: [{partition: {kafka_topic, kafka_partition}, offset: {kafka_offset} | null}]}`.
 *
 * @throws Failure naming what is wrong with the body
 */
function parseOffsetChanges(body: unknown): OffsetChange[] {
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
 * Moves offsets and raises the fences, so that no sink that runs elsewhere goes on from where it was. Whoever moves an
 * offset means the topic that has the name now, so its id is learnt anew.
 */
export async function changeOffsets(client: ClientBase, connector: string, body: unknown): Promise<void> {
  for (const { topic, partition, offset } of parseOffsetChanges(body)) {
    if (offset === null) {
      await client.query(`delete from ${STATE_SCHEMA}.offsets where connector = $1 and topic = $2 and partition = $3`, [
        connector,
        topic,
        partition,
      ]);
      continue;
    }
    await client.query(
      `insert into ${STATE_SCHEMA}.offsets as held (connector, topic, partition, next_offset, fence) values ($1, $2, $3, $4, 1)
       on conflict (connector, topic, partition) do update
         set next_offset = excluded.next_offset, fence = held.fence + 1, topic_id = null, updated_at = now()`,
      [connector, topic, partition, offset],
    );
  }
}

export async function deleteOffsets(client: ClientBase, connector: string): Promise<void> {
  await client.query(`delete from ${STATE_SCHEMA}.offsets where connector = $1`, [connector]);
}
