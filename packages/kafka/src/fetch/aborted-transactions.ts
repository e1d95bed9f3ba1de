import type { RecordBatchHeader } from '../record-batch/batch-reader';

/** One entry of a fetch response's `aborted_transactions`. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/**
 * Which batches of one fetch response a read-committed consumer may see.
 *
 * The broker lists every aborted transaction that overlaps the response, those that began before it too. A batch belongs
 * to an aborted transaction when its producer is inside one; a producer leaves it at its own control batch. Producers
 * interleave, so any number of aborted transactions may be open at once, and more than one may begin before the first
 * batch. kafkajs retires one entry per message and takes a key of four zero bytes for a marker; here the batch decides, as
 * in Kafka's own consumer (CompletedFetch.nextFetchedRecord).
 */
export class AbortedTransactionFilter {
  private readonly pending: AbortedTransaction[];
  private readonly open = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.pending = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset); // the earliest last, to pop it
  }

  /** Must be asked for each batch of the response, once, in order. True: its records may be read. */
  admits(batch: Pick<RecordBatchHeader, 'lastOffset' | 'producerId' | 'isTransactional' | 'isControl'>): boolean {
    for (let next = this.pending.at(-1); next !== undefined && next.firstOffset <= batch.lastOffset;) {
      this.open.add(next.producerId);
      this.pending.pop();
      next = this.pending.at(-1);
    }
    if (batch.isControl) {
      // Abort or commit: either ends what this producer had open. A commit marker of an aborted producer cannot lie between.
      this.open.delete(batch.producerId);
      return false;
    }
    return !(batch.isTransactional && this.open.has(batch.producerId));
  }
}
