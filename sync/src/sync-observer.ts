import type { Failure } from '@ewallet/failure';
import type { StateMessage } from './message';

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
  /** Messages of the source went to the destination. */
  relayed(bytes: number): void;
  /** A state came back from the destination, with so many records before it. */
  acknowledged(state: StateMessage, records: number): void;
  /** A connector reported a measurement of its own. */
  measured(connector: string, name: string, value: string): void;
  /** `final` where no further attempt follows. */
  attemptFailed(attempt: number, failure: Failure, final: boolean): void;
  ended(outcome: SyncOutcome): void;
  /** When the next sync starts; undefined where none does. */
  planned(next: Date | undefined): void;
}

/** Tells each listener in turn. */
export function allObservers(...observers: readonly Partial<SyncObserver>[]): SyncObserver {
  return {
    started: () => {
      for (const observer of observers) observer.started?.();
    },
    relayed: (bytes) => {
      for (const observer of observers) observer.relayed?.(bytes);
    },
    acknowledged: (state, records) => {
      for (const observer of observers) observer.acknowledged?.(state, records);
    },
    measured: (connector, name, value) => {
      for (const observer of observers) observer.measured?.(connector, name, value);
    },
    attemptFailed: (attempt, failure, final) => {
      for (const observer of observers) observer.attemptFailed?.(attempt, failure, final);
    },
    ended: (outcome) => {
      for (const observer of observers) observer.ended?.(outcome);
    },
    planned: (next) => {
      for (const observer of observers) observer.planned?.(next);
    },
  };
}
