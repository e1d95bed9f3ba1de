import { Failure } from '@ewallet/failure';
import type { StateMessage } from './message';

/**
 * The platform's checksum. Every state the source sent must come back from the destination, in order for each stream,
 * unchanged, and with as many records as the source counted; only then does it count as acknowledged.
 */
export class Acknowledgements {
  private readonly expected = new Map<string, StateMessage[]>();
  private readonly counted = new Map<string, number>();

  /** The source sent it; it is on its way through the destination. */
  sent(state: StateMessage): void {
    const queue = this.expected.get(state.of) ?? [];
    queue.push(state);
    this.expected.set(state.of, queue);
  }

  /** The destination sent it back. @throws Failure where it is not the next one sent, or the records do not add up. */
  received(state: StateMessage): void {
    const next = this.expected.get(state.of)?.shift();
    if (next === undefined) {
      throw Failure.system(`The destination acknowledged a state of ${state.of} that the source did not send.`);
    }
    if (next.json !== state.json) {
      throw Failure.system(`The destination acknowledged states of ${state.of} out of order, or changed one.`);
    }
    const landed = state.destinationRecords;
    if (
      landed !== undefined &&
      next.sourceRecords !== undefined &&
      landed + state.rejectedRecords !== next.sourceRecords
    ) {
      throw Failure.system(
        `Records of ${state.of} do not add up: the source counted ${next.sourceRecords} before a state, the destination wrote ${landed} and rejected ${state.rejectedRecords}.`,
      );
    }
    this.counted.set(state.of, (this.counted.get(state.of) ?? 0) + (landed ?? next.sourceRecords ?? 0));
  }

  /** What the source sent and the destination has not sent back. */
  outstanding(): string[] {
    return [...this.expected].filter(([, queue]) => queue.length > 0).map(([of, queue]) => `${of} (${queue.length})`);
  }

  /** Records under acknowledged states, by stream. */
  records(): Record<string, number> {
    return Object.fromEntries(this.counted);
  }
}
