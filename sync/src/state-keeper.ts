import { asFailure, type Failure } from '@ewallet/failure';
import type { StateMessage } from './message';
import { writeStateFile, type SyncState } from './state-file';

/**
 * Brings acknowledged states to disk while more arrive: one write at a time, always of the newest, so that a slow disk
 * makes fewer writes instead of a queue.
 */
export class StateKeeper {
  private readonly states: Map<string, string>;
  private writing: Promise<void> = Promise.resolve();
  private waiting = false;
  /** What the disk said first; nothing is kept after it. */
  failure: Failure | undefined;

  /**
   * @param onFailure hears at once that states can no longer be kept: what is read from then on would be read again
   * @param onWritten hears which states are on disk
   */
  constructor(
    private readonly file: string,
    private readonly from: SyncState,
    private readonly onFailure: () => void,
    private readonly onWritten: (states: ReadonlyMap<string, string>) => void = () => undefined,
  ) {
    this.states = new Map(from.states);
  }

  keep(state: StateMessage): void {
    this.states.set(state.of, state.json);
    if (this.waiting) return;
    this.waiting = true;
    this.writing = this.writing.then(async () => {
      this.waiting = false;
      if (this.failure !== undefined) return;
      // As they are now: more arrive while these are written.
      const states = new Map(this.states);
      await writeStateFile(this.file, { ...this.from, states });
      this.onWritten(states);
    });
    this.writing = this.writing.catch((error: unknown) => {
      this.failure = asFailure(error);
      this.onFailure();
    });
  }

  /** Resolves when nothing is being written any more. Never throws. */
  async settled(): Promise<void> {
    await this.writing;
  }

  /** Resolves when all that was kept is on disk. @throws what the disk threw. */
  async written(): Promise<void> {
    await this.writing;
    if (this.failure !== undefined) throw this.failure;
  }

  /** The sync is complete: the next one is a new one. */
  async finish(): Promise<void> {
    await this.written();
    await writeStateFile(this.file, { ...this.from, states: this.states, unfinished: false });
  }
}
