import type { RowReference, TableBatch } from './table-batch';

/** Every live row and tombstone of a table, in no particular order: each key occurs once. */
export function liveReferences({ upserts, deletes }: TableBatch): RowReference[] {
  const references: RowReference[] = [];
  for (let row = 0; row < upserts.count; row += 1) if (upserts.isLive(row)) references.push(row);
  for (let row = 0; row < deletes.count; row += 1) if (deletes.isLive(row)) references.push(-1 - row);
  return references;
}

/** One bad row among n costs about 2·log2(n) attempts instead of n. */
export function halves<Item>(items: readonly Item[]): [Item[], Item[]] {
  const middle = items.length >> 1;
  return [items.slice(0, middle), items.slice(middle)];
}
