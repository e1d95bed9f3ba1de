import { resolveColumnType, streamName, type TypeRow } from '@ewallet/postgres';
import type { Column } from '../tables/table';
import type { CapturedStream } from './captured-stream';
import type { Relation } from './pgoutput';

/**
 * Thrown before the first change of a table whose columns are no longer those that were discovered: whoever follows
 * discovers them again and continues from the last state, so that the change arrives with all of its columns. Thrown also
 * for a partition that was attached with rows, and for a table that was rewritten: the next reading begins by copying it.
 */
export class CatalogueChanged extends Error {
  static columns({ captured }: CapturedStream): CatalogueChanged {
    return new CatalogueChanged(`The columns of ${streamName(captured.table)} changed. Discover them again.`);
  }

  static file({ captured }: CapturedStream): CatalogueChanged {
    return new CatalogueChanged(`Table ${streamName(captured.table)} was rewritten. Copy what changed with it.`);
  }

  static partitions({ captured }: CapturedStream): CatalogueChanged {
    return new CatalogueChanged(`A partition of ${streamName(captured.table)} was attached with rows. Copy it.`);
  }
}

/** Whether a relation has other columns, or columns of other types, than those that were discovered. */
export function hasOtherColumns(relation: Relation, discovered: Typed, types: ReadonlyMap<number, TypeRow>): boolean {
  const streamed = relation.columns.map(({ name, typeOid, modifier }) => ({
    name,
    type: resolveColumnType(typeOid, modifier, 0, types),
  }));
  return !isSame(streamed, discovered);
}

type Typed = readonly Pick<Column, 'name' | 'type'>[];

/** Whether columns are the same by name and type, in whatever order. */
export function isSame(left: Typed, right: Typed): boolean {
  const text = (columns: Typed): string =>
    JSON.stringify(columns.map(({ name, type }) => [name, type] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
  return text(left) === text(right);
}
