/** One version of a row, and the transaction that wrote it. */
export interface RowVersion {
  /** Its ctid, `(block,item)`. */
  readonly place: string;
  readonly xid: bigint;
}

/**
 * A row version that was there when a state was taken. Found again as it was, it proves that the server's history is the
 * one the state knows, up to the transaction that wrote it: another history gives that transaction id to another
 * transaction, which writes other values. The way to tell a server that was merely started again from a copy of its disk
 * as it was yesterday, which has the same system identifier and timeline.
 */
export interface Witness extends RowVersion {
  /** The oid of the table that holds it. */
  readonly table: number;
  /** Hash of the row's short values. */
  readonly digest: string;
}
