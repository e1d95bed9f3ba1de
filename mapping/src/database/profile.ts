import { quoteLiteral, quoteQualified } from '@ewallet/postgres';
import type { CatalogueColumn, CatalogueTable } from './catalogue';
import type { Database } from './database';

/** What the values of a column are like. */
export interface ColumnProfile extends CatalogueColumn {
  /** Values that are not null, among the rows looked at. */
  readonly filled: number;
  readonly distinct: number;
  /** Every value with its rows, most frequent first, where there are few; of the whole table. Empty otherwise. */
  readonly values: readonly ValueCount[];
  /** Shares, from 0 to 1, of the filled values that look like it. */
  readonly looks: Looks;
  /** Alone unique and never null: by the database's word, or in the rows looked at. */
  readonly unique: boolean;
}

export interface ValueCount {
  readonly value: string;
  readonly rows: number;
}

interface Looks {
  readonly email: number;
  readonly phone: number;
  readonly upperCode: number;
  readonly fraction: number;
  readonly negative: number;
}

export interface TableProfile {
  readonly name: string;
  /** As it stands in a `from`: schema and table, quoted. */
  readonly sql: string;
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
  readonly table: CatalogueTable;
}

/** More rows than this are sampled by pages; few-valued columns are counted whole all the same. */
const SAMPLE_ROWS = 100_000;
/** A code has at most so many values. */
const FEW = 40;
const JSON_KEYS = 20;

export async function profileTable(database: Database, schema: string, table: CatalogueTable): Promise<TableProfile> {
  const sql = quoteQualified(schema, table.name);
  const what = `Looking at the values of table ${table.name}`;
  const { rows: counted } = await database.row(what, `select count(*) as rows from ${sql}`);
  const rows = Number(counted);
  const columns = [...table.columns, ...(await keysInJson(database, table, sql, what))];
  const percent = Math.max(0.1, Math.min(100, (SAMPLE_ROWS / Math.max(rows, 1)) * 100));
  const sample = rows > SAMPLE_ROWS ? `${sql} tablesample system (${percent.toFixed(3)}) repeatable (1)` : sql;
  const profiles: ColumnProfile[] = [];
  for (const batch of batchesOf(columns, 12)) {
    const found = await database.row(
      what,
      `select count(*) as looked_at, ${batch.map((column, index) => measures(column, index)).join(', ')} from ${sample}`,
    );
    for (const [index, column] of batch.entries()) {
      const number = (name: string): number => Number(found[`${name}_${index}`] ?? 0);
      const filled = number('filled');
      const distinct = number('distinct');
      const share = (name: string): number => (filled === 0 ? 0 : number(name) / filled);
      const isCode = distinct > 0 && distinct <= FEW && column.family !== 'instant' && column.family !== 'json';
      profiles.push({
        ...column,
        filled,
        distinct,
        values: isCode ? await valueCounts(database, sql, column, what) : [],
        looks: {
          email: share('email'),
          phone: share('phone'),
          upperCode: share('upper_code'),
          fraction: share('fraction'),
          negative: share('negative'),
        },
        unique:
          table.uniqueColumns.includes(column.name) ||
          (filled > 0 && filled === Number(found.looked_at) && distinct === filled && column.family !== 'instant'),
      });
    }
  }
  return { name: table.name, sql, rows, columns: profiles, table };
}

function measures(column: CatalogueColumn, index: number): string {
  const text = `cast(${column.sql} as text)`;
  const like = (pattern: string, name: string): string =>
    `count(*) filter (where ${text} ~ ${quoteLiteral(pattern)}) as ${name}_${index}`;
  const isNumber = column.family === 'integer' || column.family === 'decimal';
  const counted = (condition: string, name: string): string =>
    `count(*) filter (where ${isNumber ? condition : 'false'}) as ${name}_${index}`;
  return [
    `count(${column.sql}) as filled_${index}`,
    `count(distinct ${text}) as distinct_${index}`,
    like('^[^@ ]+@[^@ ]+[.][^@ ]+$', 'email'),
    like('^[+]?[0-9][0-9 ()-]{6,}$', 'phone'),
    like('^[A-Z]{2,3}$', 'upper_code'),
    counted(`${column.sql} <> trunc(cast(${column.sql} as numeric))`, 'fraction'),
    counted(`${column.sql} < 0`, 'negative'),
  ].join(', ');
}

async function valueCounts(
  database: Database,
  sql: string,
  column: CatalogueColumn,
  what: string,
): Promise<readonly ValueCount[]> {
  const rows = await database.rows(
    what,
    `select cast(${column.sql} as text) as value, count(*) as rows from ${sql}
     where ${column.sql} is not null group by 1 order by count(*) desc, 1 limit ${FEW + 1}`,
  );
  return rows.map((row) => ({ value: row.value ?? '', rows: Number(row.rows) }));
}

/** Top-level keys of jsonb columns, as columns of their own: `metadata ->> 'channel'`. */
async function keysInJson(
  database: Database,
  table: CatalogueTable,
  sql: string,
  what: string,
): Promise<readonly CatalogueColumn[]> {
  const found: CatalogueColumn[] = [];
  for (const column of table.columns.filter((each) => each.family === 'json')) {
    const keys = await database.rows(
      what,
      `select key, count(*) as rows
       from (select cast(${column.sql} as jsonb) as held from ${sql} where ${column.sql} is not null limit 5000) as rows
       cross join lateral jsonb_object_keys(case when jsonb_typeof(held) = 'object' then held else '{}' end) as keys (key)
       group by key order by count(*) desc, key limit ${JSON_KEYS}`,
    );
    for (const { key } of keys) {
      const read = `${column.sql} ->> ${quoteLiteral(key ?? '')}`;
      found.push({ name: `${column.name}.${key ?? ''}`, sql: `(${read})`, type: 'text', family: 'text' });
    }
  }
  return found;
}

function batchesOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const batches: T[][] = [];
  for (let start = 0; start < items.length; start += size) batches.push(items.slice(start, start + size));
  return batches;
}
