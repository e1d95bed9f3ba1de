import { int16, int32, text } from '../bytes/plain-writer';
import { comparePartitions, type TopicPartition } from '../connection/topic-partition';

/**
 * Deals partitions to members in turn. Both lists are sorted first, so every member would come to the same result, and
 * with equal partitions per topic each member gets the same number ± 1.
 */
export function dealPartitions(
  partitions: readonly TopicPartition[],
  members: readonly string[],
): Map<string, TopicPartition[]> {
  const sortedMembers = [...members].sort();
  const dealt = new Map<string, TopicPartition[]>(sortedMembers.map((member) => [member, []]));
  [...partitions].sort(comparePartitions).forEach((partition, index) => {
    const member = sortedMembers[index % sortedMembers.length];
    if (member !== undefined) dealt.get(member)?.push(partition);
  });
  return dealt;
}

const VERSION = 0;

/** What a member tells the group: the consumer protocol's subscription, version 0. */
export function encodeSubscription(topics: readonly string[]): Buffer {
  return Buffer.concat([int16(VERSION), int32(topics.length), ...topics.map(text), int32(0)]);
}

/** The consumer protocol's assignment, version 0. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const body = topics.flatMap((topic) => {
    const own = partitions.filter((partition) => partition.topic === topic);
    return [text(topic), int32(own.length), ...own.map(({ partition }) => int32(partition))];
  });
  return Buffer.concat([int16(VERSION), int32(topics.length), ...body, int32(0)]);
}

/** An empty buffer, which a broker hands to a member that the leader did not know, is an empty assignment. */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  let at = 2;
  const readInt32 = () => bytes.readInt32BE((at += 4) - 4);
  const partitions: TopicPartition[] = [];
  for (let topics = readInt32(); topics > 0; topics -= 1) {
    const length = bytes.readInt16BE(at);
    at += 2;
    const topic = bytes.toString('utf8', at, (at += length));
    for (let count = readInt32(); count > 0; count -= 1) partitions.push({ topic, partition: readInt32() });
  }
  return partitions;
}
