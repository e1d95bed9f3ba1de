import type { FetchedPartition } from '@ewallet/kafka';

/**
 * What was fetched and not yet looked at, bounded by bytes: fetching waits while it is full, so a slow warehouse slows
 * the fetches down and not the memory up.
 */
export class FetchQueue {
  private readonly items: FetchedPartition[] = [];
  private queuedBytes = 0;
  private failure: { readonly error: unknown } | undefined;
  private closed = false;
  private wakeTaker: (() => void) | undefined;
  private readonly wakeGivers: (() => void)[] = [];

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.queuedBytes;
  }

  give(item: FetchedPartition): void {
    if (this.closed) return;
    this.items.push(item);
    this.queuedBytes += item.records.length;
    this.wakeTaker?.();
  }

  /** Until there is room for another fetch, or the queue is closed. */
  async room(): Promise<void> {
    while (this.queuedBytes >= this.maxBytes && !this.isClosed()) {
      await new Promise<void>((resolve) => this.wakeGivers.push(resolve));
    }
  }

  /** The next item; `undefined` when `waitMs` passed without one, or the queue is closed. Throws what `fail` was given. */
  async take(waitMs: number): Promise<FetchedPartition | undefined> {
    if (this.items.length === 0 && !this.closed && this.failure === undefined && waitMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.wakeTaker = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wakeTaker = undefined;
    }
    if (this.failure !== undefined) throw this.failure.error;
    const item = this.items.shift();
    if (item === undefined) return undefined;
    this.queuedBytes -= item.records.length;
    this.releaseGivers();
    return item;
  }

  /** Wakes the taker without an item. */
  nudge(): void {
    this.wakeTaker?.();
  }

  /** Lets the taker throw. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.wakeTaker?.();
  }

  /** Nothing more is taken in, and what waits is dropped: it can be fetched again. */
  close(): void {
    this.closed = true;
    this.items.length = 0;
    this.queuedBytes = 0;
    this.releaseGivers();
    this.wakeTaker?.();
  }

  isClosed(): boolean {
    return this.closed;
  }

  private releaseGivers(): void {
    for (const wake of this.wakeGivers.splice(0)) wake();
  }
}
