import type { RowValues } from '../compare/hashed-row';

/** Columns of one row that differ, told apart by whether the pipeline said that it could not carry the value. */
export interface WrongColumns {
  readonly wrong: readonly string[];
  /** Null or cut in the warehouse, and `_airbyte_meta` says so. */
  readonly nulled: readonly string[];
}

interface Change {
  readonly field: string;
  readonly change: string;
}

/** @param columns names of the values, in their order */
export function wrongColumns(columns: readonly string[], source: RowValues, landed: RowValues): WrongColumns {
  const changes = changesOf(landed.meta);
  const different = columns.filter((_, index) => source.values[index] !== landed.values[index]);
  const isNoted = (column: string): boolean => {
    const value = landed.values[columns.indexOf(column)] ?? null;
    return changes.some(
      ({ field, change }) => field === column && (change === 'TRUNCATED' || (change === 'NULLED' && value === null)),
    );
  };
  return {
    wrong: different.filter((column) => !isNoted(column)),
    nulled: different.filter(isNoted),
  };
}

function changesOf(meta: string | null): readonly Change[] {
  if (meta === null) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(meta);
  } catch {
    return []; // the column is not the sink's own
  }
  const changes = typeof parsed === 'object' && parsed !== null && 'changes' in parsed ? parsed.changes : [];
  return Array.isArray(changes) ? (changes as readonly unknown[]).filter(isChange) : [];
}

function isChange(value: unknown): value is Change {
  return typeof value === 'object' && value !== null && 'field' in value && 'change' in value;
}
