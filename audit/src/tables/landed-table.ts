export interface LandedColumn {
  readonly name: string;
  /** The type's own name: `int8`, `numeric`, `text`. */
  readonly base: string;
  readonly castTo: string;
  /** Of a numeric with a declared precision. */
  readonly scale: number | undefined;
  readonly notNull: boolean;
  readonly sortsByBytes: boolean;
}

/** A table of the warehouse that the sink fills. */
export interface LandedTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly LandedColumn[];
}
