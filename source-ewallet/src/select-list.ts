import { quoteIdentifier } from '@ewallet/postgres';
import type { Column } from './table';

/** What COPY is to give for each column: the column itself, but bytea as base64, which halves what hex would take. */
export function selectList(columns: readonly Column[]): string {
  return columns
    .map((column) => {
      const name = quoteIdentifier(column.name);
      return column.type.kind === 'bytea' ? `pg_catalog.encode(${name}, 'base64')` : name;
    })
    .join(', ');
}
