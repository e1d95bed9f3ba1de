import type { SealedBatch } from '@ewallet/kafka';
import type { Span } from '@ewallet/tracing';
import type { Log } from './outbox';

/** The log with a span for each Kafka transaction, from its first batch to its commit; the log itself where nothing is traced. */
export function tracedLog(log: Log, span: Span): Log {
  return span.context === undefined ? log : new TracedLog(log, span);
}

class TracedLog implements Log {
  private transaction:
    { readonly span: Span; readonly topics: Set<string>; records: number; bytes: number } | undefined;

  constructor(
    private readonly log: Log,
    private readonly span: Span,
  ) {}

  async append(batches: readonly SealedBatch[]): Promise<void> {
    this.transaction ??= { span: this.begin(), topics: new Set(), records: 0, bytes: 0 };
    for (const { topic, records, bytes } of batches) {
      this.transaction.topics.add(topic);
      this.transaction.records += records;
      this.transaction.bytes += bytes.length;
    }
    await this.ending(() => this.log.append(batches), false);
  }

  async commit(): Promise<void> {
    await this.ending(() => this.log.commit(), true);
  }

  async abort(): Promise<void> {
    this.transaction?.span.set({ 'ewallet.aborted': true });
    await this.ending(() => this.log.abort(), true);
  }

  private begin(): Span {
    return this.span.child('kafka transaction', {
      kind: 'producer',
      attributes: { 'messaging.system': 'kafka', 'messaging.operation.type': 'send' },
    });
  }

  /** Does it, and ends the transaction's span where that is over: it was committed, aborted, or failed. */
  private async ending(work: () => Promise<void>, isOver: boolean): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.end(error);
      throw error;
    }
    if (isOver) this.end();
  }

  private end(failure?: unknown): void {
    if (this.transaction === undefined) return;
    const { span, topics, records, bytes } = this.transaction;
    this.transaction = undefined;
    span.set({
      'messaging.destination.name': [...topics].sort().join(','),
      'messaging.batch.message_count': records,
      'messaging.message.body.size': bytes,
    });
    span.end(failure);
  }
}
