import type { ColumnType } from '@ewallet/postgres';

export interface SourceColumn {
  readonly name: string;
  /** How the source reads it and what it becomes on the way. */
  readonly type: ColumnType;
  /** The type's own name once domains and arrays are followed: `bpchar`, `json`, `int4`. */
  readonly base: string;
  /** The type as SQL writes it in a cast, without length or precision. */
  readonly castTo: string;
  readonly notNull: boolean;
  /** Whether texts sort by their bytes, as they do everywhere. True of types without a collation. */
  readonly sortsByBytes: boolean;
}

/** A table of the e-wallet that can be a stream. */
export interface SourceTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly SourceColumn[];
  readonly primaryKey: readonly string[];
  /** Whether its rows show the transaction that wrote them: tables do, views and foreign tables do not. */
  readonly hasVersions: boolean;
  /** Whether this server cannot show its rows: a standby has none of unlogged tables. */
  readonly isNotHere: boolean;
  /** The planner's idea of its rows. */
  readonly estimate: number;
}
