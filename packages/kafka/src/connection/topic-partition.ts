/** A partition of a topic, and its key in maps. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A topic's name cannot hold a colon, so the key is unique. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}

export function comparePartitions(a: TopicPartition, b: TopicPartition): number {
  return a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition;
}

/** `topic a`, `topics a, b` */
export function describeTopics(topics: readonly string[]): string {
  return `topic${topics.length === 1 ? '' : 's'} ${topics.join(', ')}`;
}
