import { Failure } from '@ewallet/failure';
import { quoteIdentifier } from '@ewallet/postgres';
import type { Database } from './database';

/** What a type's values can be, as far as a mapping is concerned. */
export type TypeFamily = 'uuid' | 'integer' | 'decimal' | 'text' | 'boolean' | 'instant' | 'json' | 'other';

export interface CatalogueColumn {
  /** The name, or for a key within a jsonb column the SQL that reads it. */
  readonly name: string;
  /** The SQL that reads it, quoted where it must be. */
  readonly sql: string;
  readonly family: TypeFamily;
  /** As PostgreSQL writes it: `timestamp without time zone`. */
  readonly type: string;
}

export interface ForeignKey {
  readonly column: string;
  readonly table: string;
  readonly key: string;
}

export interface CatalogueTable {
  readonly name: string;
  readonly columns: readonly CatalogueColumn[];
  /** Columns that the database itself keeps unique, each alone. */
  readonly uniqueColumns: readonly string[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Landed by sink-warehouse: it has the lineage columns. */
  readonly landed: boolean;
  /** The column that a loader marks deleted rows in, where it has one. */
  readonly deletion: string | undefined;
}

/** The sink's own columns, and Airbyte's: never a wallet's. */
const LINEAGE = /^(_kafka_(topic|partition|offset)|_schema_id|_loaded_at|_airbyte_.*|_ab_cdc_.*|_deleted_at)$/;
/** Tables that are ours: what the source reports of itself, and the bank. */
const OURS = new Set(['control_totals', 'bank_balances', 'payment_costs', 'targets']);

/** A name as it can stand in SQL without quotes, where it can: mappings are read by people. */
export function nameInSql(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : quoteIdentifier(name);
}

/** Key words that PostgreSQL does not take for a column's name, and those that mean something else as an expression. */
const RESERVED = new Set(
  (
    'all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char check ' +
    'coalesce collate column concurrently constraint create cross current_date current_role current_time current_timestamp ' +
    'current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign ' +
    'freeze from full grant greatest group having ilike in initially inner inout int integer intersect interval into is isnull ' +
    'join lateral leading least left like limit localtime localtimestamp natural not notnull null nullif numeric offset on only ' +
    'or order outer overlaps placing position precision primary references returning right row select session_user similar some ' +
    'substring symmetric system_user table tablesample then time timestamp to trailing treat trim true union unique user using ' +
    'values varchar variadic verbose when where window with'
  ).split(' '),
);

/**
 * Tables of a schema, with what the database says of their keys. Partitions are left out, their parents are in.
 *
 * @throws Failure where the schema is not there or empty
 */
export async function readCatalogue(database: Database, schema: string): Promise<readonly CatalogueTable[]> {
  const columns = await database.rows(
    `Reading the tables of schema ${schema}`,
    `select c.relname as table_name, a.attname as column_name, format_type(a.atttypid, a.atttypmod) as type,
       coalesce(b.typname, t.typname) as type_name, coalesce(b.typcategory, t.typcategory) as category
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     join pg_type t on t.oid = a.atttypid
     left join pg_type b on b.oid = t.typbasetype
     where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
     order by c.relname, a.attnum`,
    [schema],
  );
  if (columns.length === 0) {
    throw Failure.config(`Schema ${schema} has no table that this role can see: name the wallet's by --schema.`);
  }
  const unique = await database.rows(
    `Reading the keys of schema ${schema}`,
    `select c.relname as table_name, a.attname as column_name
     from pg_index i
     join pg_class c on c.oid = i.indrelid
     join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
     where n.nspname = $1 and i.indisunique and i.indisvalid and i.indpred is null and i.indnkeyatts = 1
     order by i.indisprimary desc`,
    [schema],
  );
  const foreign = await database.rows(
    `Reading the foreign keys of schema ${schema}`,
    `select c.relname as table_name, a.attname as column_name, f.relname as parent, k.attname as key
     from pg_constraint o
     join pg_class c on c.oid = o.conrelid
     join pg_namespace n on n.oid = c.relnamespace
     join pg_class f on f.oid = o.confrelid and f.relnamespace = n.oid
     join pg_attribute a on a.attrelid = c.oid and a.attnum = o.conkey[1]
     join pg_attribute k on k.attrelid = f.oid and k.attnum = o.confkey[1]
     where n.nspname = $1 and o.contype = 'f' and cardinality(o.conkey) = 1`,
    [schema],
  );
  const names = [...new Set(columns.map((row) => row.table_name ?? ''))].filter((name) => !OURS.has(name));
  return names.map((name) => {
    const own = columns.filter((row) => row.table_name === name);
    return {
      name,
      columns: own
        .filter((row) => !LINEAGE.test(row.column_name ?? ''))
        .map((row) => ({
          name: row.column_name ?? '',
          sql: nameInSql(row.column_name ?? ''),
          type: row.type ?? '',
          family: familyOf(row.type ?? '', row.type_name ?? '', row.category ?? ''),
        })),
      uniqueColumns: unique.flatMap((row) => (row.table_name === name ? [row.column_name ?? ''] : [])),
      foreignKeys: foreign.flatMap((row) =>
        row.table_name === name ? [{ column: row.column_name ?? '', table: row.parent ?? '', key: row.key ?? '' }] : [],
      ),
      landed:
        own.some((row) => row.column_name === '_loaded_at') && own.some((row) => row.column_name === '_kafka_offset'),
      deletion: ['_ab_cdc_deleted_at', '_deleted_at'].find((column) => own.some((row) => row.column_name === column)),
    };
  });
}

function familyOf(type: string, name: string, category: string): TypeFamily {
  if (name === 'uuid') return 'uuid';
  if (/^int[248]$/.test(name) || /^numeric\(\d+,0\)$/.test(type)) return 'integer';
  if (category === 'N') return 'decimal';
  if (name === 'bool') return 'boolean';
  if (name === 'json' || name === 'jsonb') return 'json';
  if (/^(timestamp|timestamptz|date)$/.test(name)) return 'instant';
  if (category === 'S' || category === 'E') return 'text';
  return 'other';
}
