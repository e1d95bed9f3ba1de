import { Failure } from '@ewallet/failure';

const MINUTE_MS = 60_000;

/**
 * Stops a flood of dead letters: thousands of bad records at once are one wrong schema or table, and are better read again
 * after it is mended than replayed one by one.
 */
export class DeadLetterBreaker {
  private recent: { readonly at: number; readonly count: number }[] = [];

  constructor(private readonly maxPerMinute: number) {}

  /** @throws Failure when `count` more within this minute are too many; nothing was committed then */
  admit(count: number, now: number): void {
    if (count === 0) return;
    this.recent = this.recent.filter(({ at }) => now - at < MINUTE_MS);
    const total = this.recent.reduce((sum, entry) => sum + entry.count, count);
    if (total > this.maxPerMinute) {
      throw Failure.config(
        `${total} records within a minute do not fit their tables, more than errors.breaker.max.per.minute=${this.maxPerMinute}. None of the last ${count} was put aside. Look at sink.dead_letters for the reason, mend it and start again.`,
      );
    }
    this.recent.push({ at: now, count });
  }
}
