import type { SealedBatch } from './record-batch';

export const PRODUCE_API = 0;
export const PRODUCE_VERSION = 7;
const ACKS_ALL = -1;

/**
 * The body of a Produce request, version 7, which Kafka 2.1 to 4.x take. At most one batch a partition.
 *
 * @see https://kafka.apache.org/protocol.html#The_Messages_Produce
 */
export function encodeProduce(transactionalId: string, timeoutMs: number, batches: readonly SealedBatch[]): Buffer {
  const topics = new Map<string, SealedBatch[]>();
  for (const batch of batches) topics.set(batch.topic, [...(topics.get(batch.topic) ?? []), batch]);
  const id = Buffer.from(transactionalId);
  const size =
    2 +
    id.length +
    2 +
    4 +
    4 +
    [...topics].reduce((sum, [topic]) => sum + 2 + Buffer.byteLength(topic) + 4, 0) +
    batches.reduce((sum, { bytes }) => sum + 8 + bytes.length, 0);
  const body = Buffer.allocUnsafe(size);
  let at = body.writeInt16BE(id.length, 0);
  at += id.copy(body, at);
  at = body.writeInt16BE(ACKS_ALL, at);
  at = body.writeInt32BE(timeoutMs, at);
  at = body.writeInt32BE(topics.size, at);
  for (const [topic, partitions] of topics) {
    at = body.writeInt16BE(Buffer.byteLength(topic), at);
    at += body.write(topic, at);
    at = body.writeInt32BE(partitions.length, at);
    for (const { partition, bytes } of partitions) {
      at = body.writeInt32BE(partition, at);
      at = body.writeInt32BE(bytes.length, at);
      at += bytes.copy(body, at);
    }
  }
  return body;
}
