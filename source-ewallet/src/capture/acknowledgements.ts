import type { InputState } from '@ewallet/airbyte';
import { Failure } from '@ewallet/failure';
import { parseCaptureState } from './capture-state';
import { formatLsn, laterLsn, type Lsn } from '@ewallet/postgres';

interface Given {
  readonly position: Lsn;
  /** When the oldest transaction under the state committed, in microseconds since 2000; undefined where it has none. */
  readonly oldest: bigint | undefined;
}

/**
 * The states that were given and did not come back yet. What came back is all that the server is ever told to forget; what
 * did not says how far behind the destination is.
 */
export class Acknowledgements {
  /** Everything before it is safe. */
  position: Lsn;
  private given: readonly Given[] = [];
  private last: Lsn;

  constructor(from: Lsn) {
    this.position = from;
    this.last = from;
  }

  gave(position: Lsn, oldest: bigint | undefined): void {
    this.given = [...this.given, { position, oldest }];
    this.last = laterLsn(this.last, position);
  }

  /** @throws Failure for a state that was never given: what lies before it may not be safe */
  take(state: InputState): void {
    const position = parseCaptureState(state).position?.lsn;
    if (position === undefined || position > this.last) {
      const at = position === undefined ? 'no position' : formatLsn(position);
      throw Failure.config(`A state with ${at} came back as safe, and the last one given is ${formatLsn(this.last)}.`);
    }
    this.position = laterLsn(this.position, position);
    this.given = this.given.filter((one) => one.position > position);
  }

  get outstanding(): number {
    return this.given.length;
  }

  /** The last state that was given. */
  get lastGiven(): Lsn {
    return this.last;
  }

  /** When the oldest transaction that is not safe committed, as far as it was given. */
  get oldest(): bigint | undefined {
    return this.given.find(({ oldest }) => oldest !== undefined)?.oldest;
  }
}
