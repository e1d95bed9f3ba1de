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
    await this.endingIfItFails(() => this.log.append(batches));
  }

  async commit(): Promise<void> {
    await this.endingIfItFails(() => this.log.commit());
    this.end();
  }

  async abort(): Promise<void> {
    this.transaction?.span.set({ 'ewallet.aborted': true });
    await this.endingIfItFails(() => this.log.abort());
    this.end();
  }

  private begin(): Span {
    return this.span.child('kafka transaction', {
      kind: 'producer',
      attributes: { 'messaging.system': 'kafka', 'messaging.operation.type': 'send' },
    });
  }

  /** A failure ends the transaction's span as a commit and an abort do. */
  private async endingIfItFails(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.end(error);
      throw error;
    }
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
