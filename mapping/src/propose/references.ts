import { quoteLiteral } from '@ewallet/postgres';
import type { Database } from '../database/database';
import type { ColumnProfile, TableProfile } from '../database/profile';
import { wordsOf } from './names';

/** A column whose values are keys of a table. */
export interface Reference {
  readonly table: string;
  readonly column: string;
  readonly parent: string;
  readonly key: string;
  /** Share of the values looked at that are keys of the parent. */
  readonly joined: number;
  /** By the database's own constraint. */
  readonly declared: boolean;
}

/** So many different values are looked up. */
const LOOKED_UP = 2000;
/** Fewer than this share of the values found: no reference. Not all, as a parent may land later, or hold one kind of several. */
const LEAST_JOINED = 0.3;

/**
 * Finds what refers to what by looking values up, as a warehouse keeps no foreign keys. Uuids and texts prove it by themselves;
 * small integers are all included in each other, so their names must agree too.
 */
export async function findReferences(
  database: Database,
  tables: readonly TableProfile[],
): Promise<readonly Reference[]> {
  const found: Reference[] = [];
  for (const table of tables) {
    for (const column of table.columns) {
      const declared = table.table.foreignKeys.find((key) => key.column === column.name);
      if (declared !== undefined) {
        found.push({
          table: table.name,
          column: column.name,
          parent: declared.table,
          key: declared.key,
          joined: 1,
          declared: true,
        });
        continue;
      }
      // A table's own key refers to nothing, unless it is named for what it refers to, as a profile's is.
      if (column.filled === 0 || (column.unique && wordsOf(column.name).join() === 'id')) continue;
      for (const parent of tables) {
        for (const key of parent.columns) {
          if (!mayRefer(table, column, parent, key)) continue;
          const joined = await joinedShare(database, { table, column, parent, key });
          if (joined < LEAST_JOINED) continue;
          found.push({
            table: table.name,
            column: column.name,
            parent: parent.name,
            key: key.name,
            joined,
            declared: false,
          });
        }
      }
    }
  }
  return found;
}

function mayRefer(table: TableProfile, column: ColumnProfile, parent: TableProfile, key: ColumnProfile): boolean {
  // A key within jsonb is nobody's key.
  if (
    !key.unique ||
    key.sql.startsWith('(') ||
    key.family !== column.family ||
    (table.name === parent.name && column.name === key.name)
  )
    return false;
  switch (column.family) {
    case 'uuid':
      return true;
    case 'text':
      return column.distinct <= Math.max(key.distinct * 1.1, 1) && column.looks.email < 0.5;
    case 'integer':
      return namesAgree(column, parent, key);
    case 'decimal':
    case 'boolean':
    case 'instant':
    case 'json':
    case 'other':
      return false;
  }
}

/** `wallet_id` and wallets.id; `fail_code` and fail_code.code; also from_wallet_id. */
function namesAgree(column: ColumnProfile, parent: TableProfile, key: ColumnProfile): boolean {
  const words = wordsOf(column.name);
  const parentWords = wordsOf(parent.name);
  const last = parentWords[parentWords.length - 1] ?? '';
  return words.includes(last) || (wordsOf(key.name).join() === words.join() && words.length > 1);
}

async function joinedShare(
  database: Database,
  {
    table,
    column,
    parent,
    key,
  }: {
    readonly table: TableProfile;
    readonly column: ColumnProfile;
    readonly parent: TableProfile;
    readonly key: ColumnProfile;
  },
): Promise<number> {
  const { looked_at: lookedAt, joined } = await database.row(
    `Looking up ${table.name}.${column.name} in ${parent.name}`,
    `select count(*) as looked_at, count(*) filter (where exists (select from ${parent.sql} as parents where parents.${key.sql} = looked_up.value)) as joined
     from (
       select distinct taken.value
       from (select ${column.sql} as value from ${table.sql} where ${column.sql} is not null limit ${LOOKED_UP * 10}) as taken
       limit ${LOOKED_UP}
     ) as looked_up`,
  );
  return Number(lookedAt) === 0 ? 0 : Number(joined) / Number(lookedAt);
}

/** The share of rows, of each value of a code, whose reference joins: owners by kind of wallet. */
export async function joinedByCode(
  database: Database,
  child: { readonly table: TableProfile; readonly code: string; readonly reference: string },
  parent: { readonly from: string; readonly key: string },
): Promise<readonly { readonly value: string; readonly rows: number; readonly joined: number }[]> {
  const rows = await database.rows(
    `Looking up ${child.table.name} by kind`,
    `select cast(${child.code} as text) as value, count(*) as rows,
       count(*) filter (where exists (select from ${parent.from} as parents where parents.${parent.key} = source_rows.${child.reference})) as joined
     from ${child.table.sql} as source_rows group by 1 order by 1`,
  );
  return rows.map((row) => ({ value: row.value ?? '', rows: Number(row.rows), joined: Number(row.joined) }));
}

/** A list of values as it stands in SQL, by the family of their column. */
export function literals(column: ColumnProfile, values: readonly string[]): string {
  return values.map((value) => (column.family === 'integer' ? value : quoteLiteral(value).trim())).join(', ');
}
