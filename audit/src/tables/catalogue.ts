import { queryTypes, resolveColumnType, type TypeRow } from '@ewallet/postgres';
import type { Session, TextRow } from '../server/session';
import type { LandedTable } from './landed-table';
import type { SourceColumn, SourceTable } from './source-table';

const TABLES = `
  select c.oid::text as oid, n.nspname as schema, c.relname as name,
    (c.relkind in ('r', 'p', 'm'))::text as versions,
    (c.relpersistence = 'u' and pg_is_in_recovery())::text as not_here,
    case when c.relkind = 'p' then (
      select sum(greatest(child.reltuples, 0)) from pg_partition_tree(c.oid) p join pg_class child on child.oid = p.relid
    ) else greatest(c.reltuples, 0) end::text as rows,
    coalesce((select json_agg(a.attname order by k.ord)
      from pg_index i, unnest(i.indkey) with ordinality as k(attnum, ord), pg_attribute a
      where i.indrelid = c.oid and i.indisprimary and k.ord <= i.indnkeyatts
        and a.attrelid = c.oid and a.attnum = k.attnum), '[]')::text as primary_key
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
    and c.relpersistence <> 't'
  order by n.nspname, c.relname`;

/**
 * Columns that the role may read. A text sorts by its bytes under the collations that PostgreSQL compares so itself: C,
 * POSIX and the built-in provider's; the rest depends on a library's version, so that two servers may differ.
 */
const COLUMNS = `
  select a.attrelid::text as oid, a.attname as name, a.atttypid::text as type, a.atttypmod::text as modifier,
    a.attndims::text as dimensions, a.attnotnull::text as not_null,
    case
      when a.attcollation = 0 then true
      when a.attcollation = 'pg_catalog."default"'::regcollation then (
        select coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'b'
          or (coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' and d.datcollate in ('C', 'POSIX'))
        from pg_database d where d.datname = current_database())
      else (select c.collname in ('C', 'POSIX', 'ucs_basic', 'pg_c_utf8', 'pg_unicode_fast')
        from pg_collation c where c.oid = a.attcollation)
    end::text as sorts_by_bytes
  from pg_attribute a
  where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
    and has_column_privilege(a.attrelid, a.attnum, 'SELECT')
  order by a.attrelid, a.attnum`;

const TYPE_NAMES = `select t.oid::text as oid, format_type(t.oid, null) as shown, format_type(t.oid, -1) as cast_to from pg_type t where t.oid = any($1::oid[])`;

/** Everything in the schemas that can be a stream, without partitions: they are read as their parent. */
export async function querySourceTables(session: Session, schemas: readonly string[]): Promise<readonly SourceTable[]> {
  const found = await session.query(TABLES, [schemas]);
  const columns = await queryColumns(session, found);
  return found.flatMap((row) => {
    const readable = columns.get(textOf(row, 'oid')) ?? [];
    if (readable.length === 0) return [];
    return [
      {
        schema: textOf(row, 'schema'),
        name: textOf(row, 'name'),
        columns: readable,
        primaryKey: JSON.parse(textOf(row, 'primary_key')) as string[],
        hasVersions: row.versions === 'true',
        isNotHere: row.not_here === 'true',
        estimate: Number(row.rows ?? 0),
      },
    ];
  });
}

/** The warehouse's tables of some schemas, by `schema.table`. */
export async function queryLandedTables(
  session: Session,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, LandedTable>> {
  const found = await session.query(TABLES, [schemas]);
  const columns = await queryColumns(session, found);
  return new Map(
    found.map((row) => {
      const [schema, name] = [textOf(row, 'schema'), textOf(row, 'name')];
      const landed = (columns.get(textOf(row, 'oid')) ?? []).map(({ type, ...column }) => ({
        ...column,
        scale: type.kind === 'numeric' ? type.scale : undefined,
      }));
      return [`${schema}.${name}`, { schema, name, columns: landed }];
    }),
  );
}

async function queryColumns(
  session: Session,
  tables: readonly TextRow[],
): Promise<ReadonlyMap<string, readonly SourceColumn[]>> {
  const rows = await session.query(COLUMNS, [tables.map(({ oid }) => oid)]);
  const types = await queryTypes(session.client);
  const names = await session.query(TYPE_NAMES, [[...new Set(rows.map(({ type }) => type))]]);
  const casts = new Map(names.map((row) => [textOf(row, 'oid'), textOf(row, 'cast_to')]));
  const byTable = new Map<string, SourceColumn[]>();
  for (const row of rows) {
    const oid = Number(row.type);
    const column: SourceColumn = {
      name: textOf(row, 'name'),
      type: resolveColumnType(oid, Number(row.modifier), Number(row.dimensions), types),
      base: baseName(oid, types),
      castTo: casts.get(textOf(row, 'type')) ?? 'text',
      notNull: row.not_null === 'true',
      sortsByBytes: row.sorts_by_bytes === 'true',
    };
    const table = byTable.get(textOf(row, 'oid'));
    if (table === undefined) byTable.set(textOf(row, 'oid'), [column]);
    else table.push(column);
  }
  return byTable;
}

/** Follows domains to their base and arrays to their element; empty for types that are neither base nor domain. */
function baseName(oid: number, types: ReadonlyMap<number, TypeRow>): string {
  const row = types.get(oid);
  if (row === undefined) return '';
  if (row.type === 'd') return baseName(row.baseType, types);
  if (row.element !== 0) return baseName(row.element, types);
  return row.isBuiltIn ? row.name : '';
}

function textOf(row: TextRow, column: string): string {
  return row[column] ?? '';
}
