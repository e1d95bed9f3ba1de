import { quoteIdentifier } from '@ewallet/postgres';
import { blockSteps, type StepResult } from './block-steps';
import type { HeapTable } from '../tables/heap-table';
import { atPlaces, blocksSql, wantedSql } from './row-condition';
import type { SourceConfig } from '../config/source-config';
import type { Column } from '../tables/table';
import type { VersionScan, WantedRows } from './version-scan';
import type { TableRule } from '../position/resume-rules';

/** A table of the stream and what the look over its versions found. */
export interface LookedAt extends VersionScan {
  readonly heap: HeapTable;
  readonly rules: readonly TableRule[];
}

/** So many ctids are a statement of a quarter of a megabyte, and fetching them costs less than looking at a table again. */
export const MOST_PLACES = 10_000;

interface ReadingStep {
  readonly conditions: readonly (string | undefined)[];
  /** The block after the last one that was read: where a resumed sync begins. */
  readonly end: number;
  readonly isLast: boolean;
}

/** The statements that read a table's wanted rows, one after another, a state between each two. */
export function* readingSteps(
  heap: HeapTable,
  rules: readonly TableRule[],
  { wanted, next, config }: { readonly wanted: WantedRows; readonly next: bigint; readonly config: SourceConfig },
): Generator<ReadingStep, void, StepResult | undefined> {
  if (wanted.kind === 'places') {
    yield { conditions: [atPlaces(wanted.rows)], end: heap.blocks, isLast: true };
    return;
  }
  const steps = blockSteps(
    { first: wanted.first, end: wanted.end ?? heap.blocks, rowsPerBlock: heap.rows / heap.blocks },
    {
      rows: config.checkpointRows,
      milliseconds: config.checkpointSeconds * 1000,
      cutOff: config.statementTimeoutSeconds === 0 ? undefined : config.statementTimeoutSeconds * 1000,
    },
  );
  const condition = wantedSql(rules, next);
  for (let step = steps.next(); !step.done;) {
    const { first, end, isLast } = step.value;
    const blocks = blocksSql(first, isLast && wanted.end === undefined ? undefined : end);
    step = steps.next(yield { conditions: [condition, blocks], end, isLast });
  }
}

export function rowCount(wanted: WantedRows, heap: HeapTable): number {
  return wanted.kind === 'places' ? wanted.rows.length : (wanted.count ?? heap.rows);
}

export function rowsAtPlaces(looked: readonly LookedAt[], column: Column): readonly string[] {
  return looked.flatMap(({ heap, wanted }) =>
    wanted.kind === 'places' && wanted.rows.length > 0
      ? [`(select ${quoteIdentifier(column.name)} from only ${heap.sql} where ${atPlaces(wanted.rows)}) as found`]
      : [],
  );
}
