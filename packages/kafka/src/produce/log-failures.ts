import type { SealedBatch } from '../record-batch/batch-builder';

export interface OvertakenTopic {
  readonly topic: string;
  readonly transactionalId: string;
  /** Whether the transaction had been committed when it was found out. */
  readonly committed: boolean;
}

/** How a transactional log's owner words its failures: it knows its settings and who is allowed to change what. */
export interface LogFailures {
  /** @param what completes "Kafka could not …" */
  failed(error: unknown, what: string, topics: readonly string[]): Error;
  /**
   * Another producer took the transactional id, or the broker ended the transaction.
   *
   * @param ageMs how long the transaction had been open; undefined when none was
   */
  fenced(error: unknown, what: string, ageMs: number | undefined): Error;
  /** Another run took the topic's id, though not the one that was written under. */
  overtaken(error: unknown, by: OvertakenTopic): Error;
  /** The topic does not take a batch of this size. */
  tooLarge(batch: SealedBatch, error: Error & { readonly type: string }): Error;
}
