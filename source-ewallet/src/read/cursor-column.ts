import type { Client } from 'pg';
import { Failure } from '@ewallet/failure';
import type { StreamDescriptor } from '@ewallet/airbyte';
import { quoteIdentifier, quoteLiteral, streamName } from '@ewallet/postgres';
import type { CursorPosition } from './row-condition';
import { cursorCandidates, defaultCursor } from '../tables/stream-catalog';
import type { Column, Table } from '../tables/table';

/** The column that gives a stream's position: the user's choice, else ours; undefined where there is none. */
export function chooseCursor(
  table: Table,
  cursorField: readonly string[],
  stream: StreamDescriptor,
): CursorColumn | undefined {
  const [name] = cursorField;
  const column = name === undefined ? defaultCursor(table) : table.columns.find((one) => one.name === name);
  if (column === undefined) {
    if (name === undefined) return undefined;
    throw Failure.config(`Stream ${streamName(table)} has no column ${name} to use as its cursor.`, { stream });
  }
  if (!cursorCandidates(table).includes(column)) {
    throw Failure.config(
      `Column ${column.name} of stream ${streamName(table)} cannot be a cursor: choose a time, a date or a whole number.`,
      { stream },
    );
  }
  return { column, sqlType: cursorSqlType(column) };
}

export interface CursorColumn {
  readonly column: Column;
  readonly sqlType: CursorPosition['sqlType'];
}

/**
 * The highest value of rows (a table's name or a query in brackets) that can be a position, and no lower than `atLeast`: infinity and NaN would hide everything after, and so would a time in the
 * future, which some row of a wallet always has by mistake.
 */
export async function queryHighestCursor(
  client: Client,
  from: string,
  cursor: CursorColumn,
  atLeast?: string,
): Promise<string | undefined> {
  const name = quoteIdentifier(cursor.column.name);
  const least = atLeast === undefined ? 'null' : `${quoteLiteral(atLeast).trim()}::${cursor.sqlType}`;
  const { rows } = await client.query<{ value: string | null }>(
    `select greatest(max(${name}), ${least})::text as value from ${from} where ${reachable(name, cursor.sqlType)}`,
  );
  return rows[0]?.value ?? undefined;
}

function reachable(name: string, sqlType: CursorPosition['sqlType']): string {
  switch (sqlType) {
    case 'timestamptz':
      return `${name} <= now()`;
    case 'timestamp':
      return `${name} <= localtimestamp + interval '1 day'`; // its zone is unknown: no place is further ahead of UTC
    case 'date':
      return `${name} <= current_date + 1`;
    case 'numeric':
      return `${name} < 'NaN'`;
    case 'int8':
      return 'true';
  }
}

function cursorSqlType(column: Column): CursorPosition['sqlType'] {
  switch (column.type.kind) {
    case 'timestamptz':
    case 'timestamp':
    case 'date':
    case 'numeric':
      return column.type.kind;
    default:
      return 'int8';
  }
}

/** Whether a saved position lies beyond all that can be one now: the server's clock was ahead when it was saved. */
export async function queryIsAhead(client: Client, { sqlType, value }: CursorPosition): Promise<boolean> {
  const position = `${quoteLiteral(value).trim()}::${sqlType}`;
  const { rows } = await client.query<{ ahead: boolean }>(`select not (${reachable(position, sqlType)}) as ahead`);
  return rows[0]?.ahead === true;
}
