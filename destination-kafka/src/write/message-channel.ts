import type { AirbyteMessage } from '@ewallet/airbyte';

/** Messages that come about outside the reading loop (a commit is done) on their way to standard output, in order. */
export class MessageChannel {
  private readonly messages: AirbyteMessage[] = [];
  private end: { readonly error: unknown } | 'closed' | undefined;
  private wake: () => void = () => undefined;

  push(message: AirbyteMessage): void {
    this.messages.push(message);
    this.wake();
  }

  close(): void {
    this.end ??= 'closed';
    this.wake();
  }

  /** What was pushed before is still delivered, then the reader sees the error. */
  fail(error: unknown): void {
    this.end ??= { error };
    this.wake();
  }

  async *read(): AsyncGenerator<AirbyteMessage> {
    for (;;) {
      for (let next = this.messages.shift(); next !== undefined; next = this.messages.shift()) yield next;
      if (this.end === 'closed') return;
      if (this.end !== undefined) throw this.end.error;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
