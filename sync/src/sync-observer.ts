import type { Failure } from '@ewallet/failure';

/** What a sync that succeeded, or was stopped, has to say of itself. */
export interface SyncOutcome {
  readonly sync: number;
  readonly status: 'succeeded' | 'stopped';
  readonly attempts: number;
  /** Records that the destination acknowledged, by stream. */
  readonly streams: Readonly<Record<string, number>>;
  readonly records: number;
  readonly seconds: number;
}

/** What happens in a sync, for whoever shows it: the status file and the metrics. Calls return at once and never throw. */
export interface SyncObserver {
  /** The lock is held: nobody else syncs this connection now. */
  started(): void;
  /** A state came back from the destination, with so many records of this stream before it. */
  acknowledged(stream: string, records: number): void;
  /** `final` where no further attempt follows. */
  attemptFailed(attempt: number, failure: Failure, final: boolean): void;
  ended(outcome: SyncOutcome): void;
  /** When the next sync starts; undefined where none does. */
  planned(next: Date | undefined): void;
}
