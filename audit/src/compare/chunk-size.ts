/** Rows of the first range of a stream, before anything is known of its speed. */
const FIRST_ROWS = 20_000;
const LEAST_ROWS = 1_000;
const MOST_ROWS = 2_000_000;

/**
 * How many rows the next range should have, so that it takes about `seconds` of database time. It changes at most twofold
 * at once: one slow range may have been somebody else's checkpoint.
 *
 * @param last the range before, undefined for the first
 */
export function nextRangeRows(
  seconds: number,
  last: { readonly rows: number; readonly seconds: number } | undefined,
): number {
  if (last === undefined) return FIRST_ROWS;
  const factor = Math.min(2, Math.max(0.5, seconds / Math.max(last.seconds, 0.001)));
  return Math.round(Math.min(MOST_ROWS, Math.max(LEAST_ROWS, last.rows * factor)));
}
