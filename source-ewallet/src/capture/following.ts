import type { InputState } from '@ewallet/airbyte';
import { asFailure, type Failure } from '@ewallet/failure';
import type { Acknowledgements } from './acknowledgements';
import type { Lsn } from '@ewallet/postgres';

/** Milliseconds between two states with records: each is a Kafka transaction and a file on disk. */
const BETWEEN_STATES = 50;
/** The most states on their way: a destination that stalls is not given a growing queue of them. */
const MOST_STATES = 4;
/** Milliseconds after which a state is given for changes of other tables alone, so that the server forgets its log. */
const IDLE_STATES = 10_000;
/** Milliseconds between two looks at how far behind the destination is. */
const BETWEEN_LAGS = 5_000;
/** Milliseconds to wait for messages where nothing else is due. */
const IDLE_WAIT = 200;

/** Where a reading stands between two transactions. */
export interface Standing {
  /** Records since the last state. */
  readonly records: number;
  readonly position: Lsn;
  /** Milliseconds. */
  readonly lastState: number;
  /** The server asked for an answer: where it shuts down, it waits until all that it sent is safe. */
  readonly isAnswerWanted: boolean;
}

/**
 * A reading that does not end: states come at short intervals, and those that came back acknowledged are what the server is
 * told to forget.
 */
export class Following {
  /** Nobody keeps states any more. */
  isAbandoned = false;
  private failure: Failure | undefined;
  private lagAt: number;

  constructor(
    readonly acknowledgements: Acknowledgements,
    private readonly states: AsyncIterable<InputState>,
    now: number,
  ) {
    this.lagAt = now;
  }

  /** Takes acknowledged states from here on. @param onState called after each */
  listen(onState: () => void): void {
    void this.takeAll(onState).catch((error: unknown) => {
      this.failure = asFailure(error);
    });
  }

  /** @throws what was wrong with an acknowledged state */
  throwIfFailed(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  isStateDue(standing: Standing, checkpointRows: number, now: number): boolean {
    const { records, position, lastState, isAnswerWanted } = standing;
    const { acknowledgements } = this;
    if (acknowledgements.outstanding >= MOST_STATES) return false;
    if (records > 0) return records >= checkpointRows || now - lastState >= BETWEEN_STATES;
    return position > acknowledgements.lastGiven && (isAnswerWanted || now - lastState >= IDLE_STATES);
  }

  /** Milliseconds to wait for messages. */
  wait({ records, lastState }: Standing, now: number): number {
    if (records === 0) return IDLE_WAIT;
    if (this.acknowledgements.outstanding >= MOST_STATES) return BETWEEN_STATES;
    return Math.max(1, lastState + BETWEEN_STATES - now);
  }

  isLagDue(now: number): boolean {
    if (now - this.lagAt < BETWEEN_LAGS) return false;
    this.lagAt = now;
    return true;
  }

  private async takeAll(onState: () => void): Promise<void> {
    for await (const state of this.states) {
      this.acknowledgements.take(state);
      onState();
    }
    this.isAbandoned = true;
  }
}

/** How far the destination is behind the server. */
export interface Lag {
  /** Of the server's log that are not safe yet, changes of other tables included. */
  readonly bytes: number;
  /** Since the oldest transaction that is not safe committed; 0 where none is known. */
  readonly seconds: number;
}

/**
 * @param flushed the end of the server's log
 * @param clock the server's, in microseconds since 2000, as commits are
 * @param oldest when the oldest transaction that is not safe committed
 */
export function lag(flushed: Lsn, safe: Lsn, clock: bigint, oldest: bigint | undefined): Lag {
  const micros = oldest === undefined ? 0 : Math.max(0, Number(clock - oldest));
  return { bytes: flushed > safe ? Number(flushed - safe) : 0, seconds: Math.round(micros / 1_000) / 1_000 };
}
