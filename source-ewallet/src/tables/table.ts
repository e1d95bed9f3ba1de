import type { ColumnType, WireType } from '@ewallet/postgres';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** Whether a btree index begins with it, so that `max()` and a range of it are cheap. */
  readonly isIndexed: boolean;
  /** attnum: never given to another column of the table, whatever its name. */
  readonly number: number;
  readonly wireType: WireType;
}

export type TableKind = 'table' | 'partitioned table' | 'view' | 'materialized view' | 'foreign table';

/**
 * A standby has no rows of an unlogged table: it, or a partition of it, can only be read on the primary. A table that was
 * dropped after the snapshot may have a successor of its name by now.
 */
export type Unreadable = 'no privilege' | 'unlogged on a standby' | 'dropped meanwhile';

/** What can be read as one stream. */
export interface Table {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: TableKind;
  readonly columns: readonly Column[];
  /** Columns of the primary key, in its order; empty where there is none. */
  readonly primaryKey: readonly string[];
  /** Whether rows' transaction ids and places can be read: a heap table, and SELECT on all of it. */
  readonly hasRowVersions: boolean;
  /** Why it cannot be read; undefined where the role may read it (all of it, or the columns listed). */
  readonly unreadable: Unreadable | undefined;
  /** The planner's idea of its size. */
  readonly estimate: { readonly rows: number; readonly bytes: number };
}
