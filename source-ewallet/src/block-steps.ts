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
const firstGuess = 2_048;

/**
 * Cuts the blocks `[first, end)` into steps of at most about so many rows and milliseconds, by the planner's rows a block
 * at first and by what the steps before turned out to be from then on. Nothing is wanted of an empty table but one step.
 */
export function* blockSteps(
  table: { readonly first: number; readonly end: number; readonly rowsPerBlock: number },
  limit: { readonly rows: number; readonly milliseconds: number },
): Generator<BlockStep, void, StepResult | undefined> {
  let density = table.rowsPerBlock;
  let pace = Number.POSITIVE_INFINITY;
  for (let first = table.first; ;) {
    const byRows = density > 0 ? Math.max(1, Math.floor(limit.rows / density)) : firstGuess;
    const blocks = Math.max(1, Math.min(byRows, Math.floor(pace * limit.milliseconds)));
    const end = Math.min(first + blocks, Math.max(table.end, first + 1));
    const isLast = end >= table.end;
    const result = yield { first, end, isLast };
    if (isLast) return;
    if (result !== undefined) {
      density = Math.max(result.rows / (end - first), density / 2);
      pace = (end - first) / Math.max(1, result.milliseconds);
    }
    first = end;
  }
}
