import type { TopicPartition } from '@ewallet/kafka';
import type { DeadLetter, Progress } from '../load/batch';
import type { TargetState } from '../state/target-state';
import type { HeldPartition } from './held-partition';
import type { ParkedTopic } from './parked-topics';

export interface Commit {
  readonly records: number;
  readonly bytes: number;
  readonly tables: number;
  readonly milliseconds: number;
  readonly deadLetters: readonly DeadLetter[];
  readonly attempts: number;
  readonly progress: readonly Progress[];
}

/** What happens in a sink, for logs, metrics, status and the line on the terminal. */
export interface SinkEvents {
  /** Once, before the first partition is claimed: what an operator wanted when the process was not there. */
  targetState(state: TargetState): void;
  assigned(partitions: readonly Readonly<HeldPartition>[]): void;
  committed(commit: Commit): void;
  reset(partition: TopicPartition, from: number, to: number): void;
  /** The topic waits, and the others continue. */
  parked(topic: ParkedTopic, retryMs: number): void;
  /** A topic that was parked lands again. */
  unparked(topic: string): void;
  retrying(error: unknown, waitMs: number): void;
  rejoining(reason: string): void;
  /** The warehouse's clock was set back: rows land as of a time that counts on from the newest landing. */
  clockIsBehind(landing: string): void;
}

/** Tells each listener in turn. */
export function allEvents(...listeners: readonly Partial<SinkEvents>[]): SinkEvents {
  return {
    targetState: (state) => {
      for (const listener of listeners) listener.targetState?.(state);
    },
    assigned: (partitions) => {
      for (const listener of listeners) listener.assigned?.(partitions);
    },
    committed: (commit) => {
      for (const listener of listeners) listener.committed?.(commit);
    },
    reset: (partition, from, to) => {
      for (const listener of listeners) listener.reset?.(partition, from, to);
    },
    parked: (topic, retryMs) => {
      for (const listener of listeners) listener.parked?.(topic, retryMs);
    },
    unparked: (topic) => {
      for (const listener of listeners) listener.unparked?.(topic);
    },
    retrying: (error, waitMs) => {
      for (const listener of listeners) listener.retrying?.(error, waitMs);
    },
    rejoining: (reason) => {
      for (const listener of listeners) listener.rejoining?.(reason);
    },
    clockIsBehind: (landing) => {
      for (const listener of listeners) listener.clockIsBehind?.(landing);
    },
  };
}
