import type { ConfiguredStream } from '@ewallet/airbyte';
import { isPadded, typeLabel } from '@ewallet/postgres';
import type { Column } from '../tables/table';

/**
 * The columns that every row covered by a state was read with: name to `[attnum, type]`. A column that is added with a
 * value, or filled before the catalogue was refreshed, changes no row version that a later sync would look for.
 */
export type ReadColumns = ReadonlyMap<string, ReadColumn>;

export interface ReadColumn {
  readonly number: number;
  /** As `typeLabel` writes it. */
  readonly type: string;
}

/** Names of the columns that the configured stream asks for; undefined where its schema names none, which is all of them. */
export function configuredNames(stream: ConfiguredStream): ReadonlySet<string> | undefined {
  const { properties } = stream.jsonSchema;
  return typeof properties === 'object' && properties !== null ? new Set(Object.keys(properties)) : undefined;
}

/** The configured stream's columns that exist, in the table's order. */
export function selectedColumns(columns: readonly Column[], stream: ConfiguredStream): readonly Column[] {
  const names = configuredNames(stream);
  return names === undefined ? columns : columns.filter(({ name }) => names.has(name));
}

/** Columns that the configured stream names and its table has no more: dropped or renamed since the catalogue was made. */
export function goneColumns(columns: readonly Column[], stream: ConfiguredStream): readonly string[] {
  const names = new Set(columns.map(({ name }) => name));
  // What change data capture adds to records is no column; its catalogue may still be in use.
  return [...(configuredNames(stream) ?? [])].filter((name) => !names.has(name) && !name.startsWith('_ab_cdc_'));
}

export function readColumns(columns: readonly Column[]): ReadColumns {
  return new Map(columns.map((column) => [column.name, { number: column.number, type: typeLabel(column.type) }]));
}

/**
 * Columns whose values the rows read before lack: new in the selection, dropped and added again under the same name, or
 * of a type that is written otherwise. The states of the first versions do not say what was read: of those only char(n)
 * is known to have been written otherwise, with its padding.
 *
 * @param padded names of columns whose values hold padding in some row now
 */
export function unreadColumns(
  saved: ReadColumns | undefined,
  columns: readonly Column[],
  padded: readonly string[],
): readonly Column[] {
  return columns.filter((column) => {
    if (saved === undefined) return padded.includes(column.name);
    const before = saved.get(column.name);
    return before?.number !== column.number || before.type !== typeLabel(column.type);
  });
}

/** Whether the state's rows may have been given with padding that is left out now. */
export function mayHavePadding(
  saved: { readonly columns: ReadColumns | undefined } | undefined,
  column: Column,
): boolean {
  if (saved === undefined || !isPadded(column.type)) return false;
  return saved.columns === undefined;
}
