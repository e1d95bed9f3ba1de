/** The whole command is done within two seconds of its start: what is left of them is for the report, on a busy machine too. */
const LOOK_ENDS_AT_MS = 1_600;
/** A look that gives less than this finds everything down on a machine that is only busy. */
const LEAST_MS = 500;

/** How long each part has to answer where nobody said so, in seconds. */
export const ANSWER_SECONDS = 1.4;

/**
 * How long each part has to answer, in milliseconds.
 *
 * @param chosenSeconds what `--timeout` says; undefined where it was not given
 * @param sinceStartMs how long this process has lived, what it loaded before it could ask included
 */
export function answerMs(chosenSeconds: number | undefined, sinceStartMs: number): number {
  if (chosenSeconds !== undefined) return chosenSeconds * 1_000;
  return Math.min(ANSWER_SECONDS * 1_000, Math.max(LEAST_MS, Math.floor(LOOK_ENDS_AT_MS - sinceStartMs)));
}
