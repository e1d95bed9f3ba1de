/** A run of a table's blocks to read in one statement, with a state after it. */
export interface BlockStep {
  readonly first: number;
  readonly end: number;
  readonly isLast: boolean;
}

/** What a step turned out to be. */
export interface StepResult {
  readonly rows: number;
  readonly milliseconds: number;
}

/** Enough for the first step of a table that was never analysed: 16 MB. */
const FIRST_GUESS = 2_048;

/** 128 kB: what is cut off after a time begins with so little that it ends within that time, whatever its reader does. */
const FIRST_OF_CUT_OFF = 16;

/** How much of the time after which a statement is cut off a step may take, and how much larger than the one before it may be. */
const SHARE_OF_CUT_OFF = 4;
const GROWTH = 2;

export interface StepLimit {
  readonly rows: number;
  readonly milliseconds: number;
  /** After how many milliseconds the server ends a statement; undefined where it does not. */
  readonly cutOff?: number | undefined;
}

/**
 * Cuts the blocks `[first, end)` into steps of at most about so many rows and milliseconds, by the planner's rows a block
 * at first and by what the steps before turned out to be from then on. Nothing is wanted of an empty table but one step.
 *
 * A step takes as long as its reader does. Where the server cuts statements off, steps begin small and grow slowly, so that
 * each ends well before that and a resumed sync gets further.
 */
export function* blockSteps(
  table: { readonly first: number; readonly end: number; readonly rowsPerBlock: number },
  limit: StepLimit,
): Generator<BlockStep, void, StepResult | undefined> {
  let density = table.rowsPerBlock;
  let pace = Number.POSITIVE_INFINITY;
  let most = limit.cutOff === undefined ? Number.POSITIVE_INFINITY : FIRST_OF_CUT_OFF;
  const milliseconds = Math.min(limit.milliseconds, (limit.cutOff ?? Number.POSITIVE_INFINITY) / SHARE_OF_CUT_OFF);
  for (let first = table.first; ;) {
    const byRows = density > 0 ? Math.max(1, Math.floor(limit.rows / density)) : FIRST_GUESS;
    const blocks = Math.max(1, Math.min(byRows, Math.floor(pace * milliseconds), most));
    const end = Math.min(first + blocks, Math.max(table.end, first + 1));
    const isLast = end >= table.end;
    if (limit.cutOff !== undefined) most = blocks * GROWTH;
    const result = yield { first, end, isLast };
    if (isLast) return;
    if (result !== undefined) {
      density = Math.max(result.rows / (end - first), density / 2);
      pace = (end - first) / Math.max(1, result.milliseconds);
    }
    first = end;
  }
}
