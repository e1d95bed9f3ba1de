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

/** Tells each in turn. */
export function allObservers(...observers: readonly SyncObserver[]): SyncObserver {
  const each = (tell: (observer: SyncObserver) => void): void => {
    for (const observer of observers) tell(observer);
  };
  return {
    started: () => {
      each((observer) => {
        observer.started();
      });
    },
    relayed: (...told) => {
      each((observer) => {
        observer.relayed(...told);
      });
    },
    acknowledged: (...told) => {
      each((observer) => {
        observer.acknowledged(...told);
      });
    },
    measured: (...told) => {
      each((observer) => {
        observer.measured(...told);
      });
    },
    attemptFailed: (...told) => {
      each((observer) => {
        observer.attemptFailed(...told);
      });
    },
    ended: (...told) => {
      each((observer) => {
        observer.ended(...told);
      });
    },
    planned: (...told) => {
      each((observer) => {
        observer.planned(...told);
      });
    },
  };
}
