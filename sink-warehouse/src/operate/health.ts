import { asFailure } from '@ewallet/failure';
import type { SinkEvents } from '../run/events';

/** Why a sink that is to run cannot work at the moment. */
export interface Trouble {
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Whether the sink works, by what happens in it: a fault of the environment lasts until partitions are claimed again. */
export class SinkHealth {
  private current: Trouble | undefined;

  constructor(private readonly now: () => number) {}

  get trouble(): Trouble | undefined {
    return this.current;
  }

  readonly events: Pick<SinkEvents, 'assigned' | 'committed' | 'retrying'> = {
    assigned: () => {
      this.current = undefined;
    },
    committed: () => {
      this.current = undefined;
    },
    retrying: (error) => {
      this.current = { reason: asFailure(error).message, since: this.current?.since ?? this.now() };
    },
  };
}
