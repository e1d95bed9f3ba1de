import type { StreamPlan } from '../tables/stream-plan';
import { nextRangeRows } from './chunk-size';
import { compareRange, type Sample, type SessionPair } from './compare-range';
import type { KeyRange } from './key-range';
import type { RangeWalker } from './range-walker';
import type { Difference } from './row-differences';
import type { HashKind } from './row-hash';

export interface ComparedRange {
  readonly range: KeyRange;
  readonly rows: number;
  readonly differences: readonly Difference[];
}

export interface RunOptions {
  readonly hash: HashKind;
  /** Database time that one range should take. */
  readonly chunkSeconds: number;
  readonly sample: Sample | undefined;
  readonly stop: AbortSignal;
  /** Milliseconds. */
  readonly now: () => number;
}

interface RangesToCompare {
  readonly walker: RangeWalker;
  readonly options: RunOptions;
  readonly done: (compared: ComparedRange) => void;
}

/**
 * Compares one stream range by range, each pair of sessions taking the next range when it is free.
 *
 * @param walker after a failure it has what was not compared, the ranges that were being compared included
 */
export async function compareStream(
  pairs: readonly SessionPair[],
  plan: StreamPlan,
  { walker, options, done }: RangesToCompare,
): Promise<void> {
  let walking: Promise<unknown> = Promise.resolve();
  let failed = false;
  const takeRange = async (pair: SessionPair, rows: number): Promise<KeyRange | undefined> => {
    const range = walking.then(async () => walker.next(pair.source, rows));
    walking = range.catch(() => undefined);
    return range;
  };
  const work = async (pair: SessionPair): Promise<void> => {
    let last: { rows: number; seconds: number } | undefined;
    while (!options.stop.aborted && !failed) {
      const rows = nextRangeRows(options.chunkSeconds, last);
      const range = await takeRange(pair, rows);
      if (range === undefined) return;
      const started = options.now();
      const compared = await compareRange(pair, plan, { range, hash: options.hash, sample: options.sample }).catch(
        (error: unknown) => {
          walker.giveBack(range);
          throw error;
        },
      );
      last = { rows, seconds: (options.now() - started) / 1_000 };
      done({ range, ...compared });
    }
  };
  const workers = await Promise.allSettled(
    pairs.map(async (pair) =>
      work(pair).catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    ),
  );
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
}
