import type { Client } from 'pg';
import { quoteIdentifier } from '@ewallet/postgres';
import type { FoundValues } from './change-encoder';

/** A table to ask for values, under the name it has now. */
export interface AskedTable {
  readonly oid: number;
  readonly key: readonly string[];
  readonly columns: readonly string[];
}

/** The most rows to ask for in one statement. */
export const MOST_ASKED = 500;

/**
 * Values that an UPDATE did not touch and the stream therefore left out, read from the table by key, in the very text that
 * the stream would have had (`format('%s')` is a type's output function).
 *
 * The row is read as it is now, which is as it was at the change or later. While the column stays unchanged the value is
 * the change's own; where a later transaction changed it, that one's own record follows, so the last version is right.
 *
 * @returns by key (as {@link keyText} writes it); a key without a row has no entry
 */
export async function queryUnchangedValues(
  client: Client,
  table: AskedTable,
  keys: readonly (readonly string[])[],
): Promise<ReadonlyMap<string, FoundValues>> {
  const { rows: names } = await client.query<{ name: string; key: string; type: string }>(
    `select c.oid::regclass::text as name, a.attname as key, format_type(a.atttypid, a.atttypmod) as type
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.oid = $1 and a.attname = any($2) and not a.attisdropped`,
    [table.oid, table.key],
  );
  const types = new Map(names.map((row) => [row.key, row.type]));
  const [first] = names;
  // The table is gone, or its key is no longer what it was.
  if (first === undefined || !table.key.every((name) => types.has(name))) return new Map();
  const existing = await existingColumns(client, table);
  const text = (name: string): string =>
    `case when t.${quoteIdentifier(name)} is not null then format('%s', t.${quoteIdentifier(name)}) end`;
  const asked = table.key.map((_, index) => `$${index + 1}::text[]`).join(', ');
  const wanted = table.key.map((_, index) => `k${index}`).join(', ');
  const matches = table.key.map((name, index) => `t.${quoteIdentifier(name)} = w.k${index}::${types.get(name) ?? ''}`);
  const { rows } = await client.query<{ keys: string[]; found: (string | null)[] }>(
    `select array[${table.key.map((_, index) => `w.k${index}`).join(', ')}] as keys,
       array[${existing.map(text).join(', ')}]::text[] as found
     from unnest(${asked}) as w(${wanted}) join ${first.name} t on ${matches.join(' and ')}`,
    table.key.map((_, index) => keys.map((key) => key[index])),
  );
  return new Map(
    rows.map((row) => [keyText(row.keys), new Map(existing.map((name, index) => [name, row.found[index] ?? null]))]),
  );
}

async function existingColumns(client: Client, table: AskedTable): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1 and attname = any($2) and not attisdropped`,
    [table.oid, table.columns],
  );
  return rows.map(({ name }) => name);
}

export function keyText(key: readonly string[]): string {
  return JSON.stringify(key);
}
