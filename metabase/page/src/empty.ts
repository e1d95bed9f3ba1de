/** What a card without rows says: nothing in this period, and what its description says of when it is empty. */
export function emptyMessage(description: string | null | undefined): string {
  const sentences = (description ?? '').split(/(?<=\.)\s+/).filter((sentence) => sentence.startsWith('Empty '));
  return ['Nothing in this period.', ...sentences].join(' ');
}
