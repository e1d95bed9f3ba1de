import { sqlStateOf } from '@ewallet/postgres';

/** What a fault of the warehouse means for the batch. */
export type WarehouseFault =
  /** One or more records do not fit: find them. */
  | { readonly kind: 'data'; readonly sqlState: string }
  /** The same key twice in one statement, in forms that only PostgreSQL sees as equal. */
  | { readonly kind: 'repeated-key' }
  /** A key that COPY brought is already there. */
  | { readonly kind: 'key-exists' }
  /** The table is not what it was when it was last looked at. */
  | { readonly kind: 'table-changed' }
  /** The environment: disk, connection, rights, locks, time-outs. Records are innocent. */
  | { readonly kind: 'environment' };

/**
 * Only what a record's own values can cause is a fault of data. Everything unknown counts as the environment's: a fault
 * that is retried in vain is seen and mended, records that were thrown away for a full disk are not
 * (confluentinc/kafka-connect-jdbc #1312).
 */
export function judgeFault(error: unknown): WarehouseFault {
  const state = sqlStateOf(error);
  switch (state) {
    case undefined:
      return { kind: 'environment' };
    case '21000':
      return { kind: 'repeated-key' };
    case '23505':
      return { kind: 'key-exists' };
    case '42P01':
    case '42703':
    case '3F000':
    case '42P10':
    case '0A000':
    case '42804': // a column of another type than was read
    case '42846': // no cast to it
    case '42883': // no operator for it
      return { kind: 'table-changed' };
    case '08P01':
      // A pooler or server that gives up on the connection says so with FATAL; with ERROR it is a field of a COPY.
      return severityOf(error) === 'ERROR' ? { kind: 'data', sqlState: state } : { kind: 'environment' };
    case '23001': // what PostgreSQL 18 says where a foreign key restricts; 23503 before
    case '23502':
    case '23503':
    case '23514':
    case '23P01':
    case '54000': // an index row or a row that is too large for its page
    case '54001': // JSON nested deeper than the stack allows
      return { kind: 'data', sqlState: state };
    default:
      return state.startsWith('22') ? { kind: 'data', sqlState: state } : { kind: 'environment' };
  }
}

function severityOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'severity' in error ? error.severity : undefined;
}
