import { isPadded, quoteIdentifier } from '@ewallet/postgres';
import type { Column } from '../tables/table';

/**
 * What COPY is to give for each column: the column itself, but bytea as base64, which halves what hex would take, and
 * char(n) as PostgreSQL casts it to text, so that a comparison is true in the warehouse where it was in the wallet.
 */
export function selectList(columns: readonly Column[]): string {
  return columns.map(selected).join(', ');
}

function selected({ name, type }: Column): string {
  const column = quoteIdentifier(name);
  if (type.kind === 'bytea') return `pg_catalog.encode(${column}, 'base64')`;
  return isPadded(type) ? unpadded(column, type.kind === 'array') : column;
}

function unpadded(column: string, isArray: boolean): string {
  return `${column}::pg_catalog.text${isArray ? '[]' : ''}`;
}

/** True for the rows whose value of a column of char(n) holds padding that it is read without. */
export function paddedSql({ name, type }: Column): string {
  const column = quoteIdentifier(name);
  return `row(${column})::pg_catalog.text <> row(${unpadded(column, type.kind === 'array')})::pg_catalog.text`;
}
