import type { Client } from 'pg';
import { queryTypes, resolveColumnType, wireTypeOf, type TypeRow } from '@ewallet/postgres';
import type { Column, Table, TableKind, Unreadable } from './table';

/**
 * Tables, views and foreign tables of the schemas, without partitions (they are read as their parent) and without other
 * sessions' temporary tables. Columns the role may not read are left out; a table none of whose columns it may read is
 * given as unreadable, so that check can name the GRANT.
 */
const tablesSql = `
  select c.oid::int8 as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
    greatest(c.reltuples, 0)::float8 as rows,
    -- Not pg_relation_size, which waits for whoever locks any of the tables.
    greatest(c.relpages, 0) * current_setting('block_size')::float8 as bytes,
    has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT') as whole,
    has_schema_privilege(n.oid, 'USAGE') and has_any_column_privilege(c.oid, 'SELECT') as readable,
    pg_is_in_recovery() and (c.relpersistence = 'u' or exists (
      with recursive tree(oid) as (
        select i.inhrelid from pg_inherits i where i.inhparent = c.oid
        union
        select i.inhrelid from pg_inherits i join tree t on i.inhparent = t.oid
      )
      select from tree join pg_class child using (oid) where child.relpersistence = 'u')) as unlogged,
    coalesce(am.amname = 'heap', c.relkind = 'p') and not exists (
      with recursive tree(oid) as (
        select i.inhrelid from pg_inherits i where i.inhparent = c.oid
        union
        select i.inhrelid from pg_inherits i join tree t on i.inhparent = t.oid
      )
      select from tree join pg_class child using (oid) left join pg_am child_am on child_am.oid = child.relam
      where child.relkind <> 'p' and not (coalesce(child_am.amname = 'heap', false)
        and has_schema_privilege(child.relnamespace, 'USAGE') and has_table_privilege(child.oid, 'SELECT'))
    ) as heap,
    coalesce((select array_agg(a.attname::text order by k.ord)
      from pg_index i, unnest(i.indkey) with ordinality as k(attnum, ord), pg_attribute a
      where i.indrelid = c.oid and i.indisprimary and k.ord <= i.indnkeyatts
        and a.attrelid = c.oid and a.attnum = k.attnum), '{}') as primary_key
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_am am on am.oid = c.relam
  where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
    and c.relpersistence <> 't' and ($2::text is null or c.relname = $2)
  order by n.nspname, c.relname`;

const columnsSql = `
  select a.attrelid::int8 as table_oid, a.attname as name, a.attnum::int as number, a.atttypid::int8 as type_oid, a.atttypmod as modifier,
    a.attndims as dimensions, not a.attnotnull as nullable,
    exists (select from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
      where i.indrelid = a.attrelid and i.indkey[0] = a.attnum and am.amname = 'btree' and i.indisvalid
        and i.indpred is null) as indexed
  from pg_attribute a
  where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
    and has_column_privilege(a.attrelid, a.attnum, 'SELECT')
  order by a.attrelid, a.attnum`;

interface TableRow {
  oid: string;
  schema: string;
  name: string;
  kind: string;
  rows: number;
  bytes: number;
  whole: boolean | null;
  /** Null where the table was dropped after the snapshot: functions that take an oid look beside it. */
  readable: boolean | null;
  unlogged: boolean;
  heap: boolean;
  primary_key: string[];
}

interface ColumnRow {
  table_oid: string;
  name: string;
  number: number;
  type_oid: string;
  modifier: number;
  dimensions: number;
  nullable: boolean;
  indexed: boolean;
}

/** Everything in the schemas that can be a stream, in the order of schema and name. */
export function queryTables(client: Client, schemas: readonly string[]): Promise<readonly Table[]> {
  return query(client, schemas, null);
}

/** One of them, as the current transaction sees it; undefined where there is none of this name. */
export async function queryTable(client: Client, schema: string, name: string): Promise<Table | undefined> {
  const [table] = await query(client, [schema], name);
  return table;
}

async function query(client: Client, schemas: readonly string[], name: string | null): Promise<readonly Table[]> {
  const tables = await client.query<TableRow>(tablesSql, [schemas, name]);
  const columns = await client.query<ColumnRow>(columnsSql, [tables.rows.map((row) => row.oid)]);
  const byOid = await queryTypes(client);
  const columnsOf = groupByTable(columns.rows);
  return tables.rows.map((row) => ({
    oid: Number(row.oid),
    schema: row.schema,
    name: row.name,
    kind: tableKind(row.kind),
    columns: (columnsOf.get(row.oid) ?? []).map((column) => toColumn(column, byOid)),
    primaryKey: row.primary_key,
    hasRowVersions: row.whole === true && row.heap && 'rpm'.includes(row.kind),
    unreadable: unreadable(row),
    estimate: { rows: row.rows, bytes: row.bytes },
  }));
}

function unreadable(row: TableRow): Unreadable | undefined {
  if (row.readable === null) return 'dropped meanwhile';
  if (!row.readable) return 'no privilege';
  return row.unlogged ? 'unlogged on a standby' : undefined;
}

function groupByTable(rows: readonly ColumnRow[]): ReadonlyMap<string, readonly ColumnRow[]> {
  const groups = new Map<string, ColumnRow[]>();
  for (const row of rows) {
    const group = groups.get(row.table_oid);
    if (group === undefined) groups.set(row.table_oid, [row]);
    else group.push(row);
  }
  return groups;
}

function toColumn(row: ColumnRow, types: ReadonlyMap<number, TypeRow>): Column {
  return {
    name: row.name,
    type: resolveColumnType(Number(row.type_oid), row.modifier, row.dimensions, types),
    nullable: row.nullable,
    isIndexed: row.indexed,
    number: row.number,
    wireType: wireTypeOf(Number(row.type_oid), row.modifier, types),
  };
}

function tableKind(relkind: string): TableKind {
  switch (relkind) {
    case 'p':
      return 'partitioned table';
    case 'v':
      return 'view';
    case 'm':
      return 'materialized view';
    case 'f':
      return 'foreign table';
    default:
      return 'table';
  }
}
