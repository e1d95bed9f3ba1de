import { Failure } from '@ewallet/failure';
import type { TopicPartition } from '@ewallet/kafka';
import type { TopicChoice } from '../config/sink-config';

/** Milliseconds between looks while a topic is expected. A look at 300 topics of 4 partitions took the broker 8 ms of processor time. */
const EAGER_MS = 500;
/** For so long after an assignment more topics may follow: a first sync makes one topic after the other. */
const SETTLING_MS = 30_000;
/** A cluster so large that a look takes long is looked at for a fiftieth of the time at most. */
const REST_PER_LOOK = 50;

interface Looked {
  /** Whether a topic that was asked for is not there yet. */
  readonly isWaiting: boolean;
  /** Milliseconds since the group's assignment. */
  readonly assignedForMs: number;
  /** Milliseconds that the last look took. */
  readonly tookMs: number;
  /** `topics.refresh.interval.ms`. */
  readonly refreshMs: number;
}

/** Milliseconds from one look at the cluster's topics to the next: soon while a topic is expected, then the interval. */
export function nextLookMs({ isWaiting, assignedForMs, tookMs, refreshMs }: Looked): number {
  if (!isWaiting && assignedForMs >= SETTLING_MS) return refreshMs;
  return Math.min(refreshMs, Math.max(EAGER_MS, tookMs * REST_PER_LOOK));
}

/** Whether a topic that the configuration names is not there, or none fits its expression. */
export function isWaitingForTopic(choice: TopicChoice, found: readonly TopicPartition[]): boolean {
  switch (choice.kind) {
    case 'list':
      return choice.topics.some((topic) => !found.some((partition) => partition.topic === topic));
    case 'regex':
      return found.length === 0;
    default:
      throw Failure.system(`Unknown choice of topics ${JSON.stringify(choice satisfies never)}.`);
  }
}
