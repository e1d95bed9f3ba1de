import { Failure, isObject } from '@ewallet/failure';

/** Columns of a decoded record as text, whatever their type: of an identifier, exact money, a count or a time. */
export interface RecordColumns {
  /** Undefined where it is missing, null or empty. */
  readonly optional: (column: string) => string | undefined;
  /** @throws Failure system_error naming the column that is missing or of another kind */
  readonly needed: (column: string) => string;
}

/**
 * @param what the record is, for people: `An alert`
 * @throws Failure system_error where it is no record
 */
export function columnsOf(record: unknown, what: string): RecordColumns {
  if (!isObject(record)) throw Failure.system(`${what} is not a record.`);
  const optional = (column: string): string | undefined => textOf(record[column]);
  return {
    optional,
    needed: (column) => {
      const value = optional(column);
      if (value === undefined) throw Failure.system(`${what} has no "${column}".`);
      return value;
    },
  };
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}
