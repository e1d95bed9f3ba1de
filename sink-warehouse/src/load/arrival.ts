import { isDelete, type RowReference, type TableBatch } from './table-batch';

/** Rows or tombstones that came one after another and are of different keys: one statement lands them as their order would. */
export interface Run {
  readonly kind: 'upsert' | 'delete';
  /** The first row's number in its buffer, and the number after the last one's. */
  readonly from: number;
  to: number;
}

/** Every row and tombstone of a table in the order in which they came, those of replaced versions too. */
export function arrivals({ upserts, deletes }: TableBatch): RowReference[] {
  const references: RowReference[] = [];
  let row = 0;
  for (let tombstone = 0; tombstone < deletes.count; tombstone += 1) {
    for (; row < deletes.arrivedAfter(tombstone); row += 1) references.push(row);
    references.push(-1 - tombstone);
  }
  for (; row < upserts.count; row += 1) references.push(row);
  return references;
}

/**
 * Cuts what came one after another into runs: a run ends where rows change to tombstones or back, and where a key comes
 * again, as ON CONFLICT takes a key once in a statement.
 *
 * @param references a stretch of `arrivals`
 */
export function runsOf(table: Pick<TableBatch, 'previousOf'>, references: readonly RowReference[]): Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  for (const reference of references) {
    const kind = isDelete(reference) ? 'delete' : 'upsert';
    const number = rowNumber(reference);
    const previous = table.previousOf(reference);
    const repeats =
      run !== undefined && previous !== undefined && isDelete(previous) === isDelete(reference)
        ? rowNumber(previous) >= run.from
        : false;
    if (run?.kind === kind && !repeats) {
      run.to = number + 1;
      continue;
    }
    run = { kind, from: number, to: number + 1 };
    runs.push(run);
  }
  return runs;
}

function rowNumber(reference: RowReference): number {
  return isDelete(reference) ? -1 - reference : reference;
}
