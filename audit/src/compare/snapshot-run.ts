import type { StreamPlan } from '../tables/stream-plan';
import { isRecoveryConflict, MOST_CANCELLED } from '../server/recovery-conflict';
import { RangeWalker } from './range-walker';
import type { Snapshots } from './snapshots';
import { compareStream, type ComparedRange, type RunOptions } from './stream-run';

/**
 * Compares streams in one pair of snapshots; where a standby ends the read, what is left in another pair. Each range is still
 * compared at one moment of each database, which is all that its verdict rests on.
 */
export class SnapshotRun {
  private snapshots: Snapshots | undefined;
  private told = false;

  constructor(
    private readonly open: () => Promise<Snapshots>,
    private readonly say: (text: string) => void,
  ) {}

  async compare(
    plan: StreamPlan,
    options: RunOptions,
    done: (compared: ComparedRange) => void,
    resumeAt?: readonly string[],
  ): Promise<void> {
    const walker = new RangeWalker(plan, resumeAt);
    for (let cancelled = 1; ; cancelled += 1) {
      try {
        this.snapshots ??= await this.open();
        await compareStream(this.snapshots.pairs, plan, {
          walker,
          options,
          done: (compared) => {
            cancelled = 0;
            done(compared);
          },
        });
        return;
      } catch (error) {
        if (!isRecoveryConflict(error) || cancelled >= MOST_CANCELLED) throw error;
        await this.close();
        this.tell();
      }
    }
  }

  async close(): Promise<void> {
    const { snapshots } = this;
    this.snapshots = undefined;
    await snapshots?.close();
  }

  private tell(): void {
    if (!this.told) {
      this.say(
        'a standby cancelled the read (recovery conflict): continuing from there in a new snapshot. hot_standby_feedback = on, or a larger max_standby_streaming_delay, avoids it',
      );
    }
    this.told = true;
  }
}
