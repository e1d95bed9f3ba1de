/** Why `fetch` got no answer, in the words of what is behind it: its own are "fetch failed" whatever it was. */
export function noAnswer(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  return cause === '' ? String(error) : cause;
}
