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

  constructor(
    private readonly file: string,
    private readonly from: SyncState,
  ) {
    this.states = new Map(from.states);
  }

  keep(state: StateMessage): void {
    this.states.set(state.of, state.json);
    if (this.waiting) return;
    this.waiting = true;
    this.writing = this.writing.then(async () => {
      this.waiting = false;
      await writeStateFile(this.file, { ...this.from, states: this.states });
    });
    // A failure is thrown where the writing is awaited; until then it must not count as unhandled.
    this.writing.catch(() => undefined);
  }

  /** Resolves when all that was kept is on disk. @throws what the disk threw. */
  async written(): Promise<void> {
    await this.writing;
  }

  /** The sync is complete: the next one is a new one. */
  async finish(): Promise<void> {
    await this.writing;
    await writeStateFile(this.file, { ...this.from, states: this.states, unfinished: false });
  }
}
