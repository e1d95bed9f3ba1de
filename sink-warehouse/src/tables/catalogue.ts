import { Failure } from '@ewallet/failure';
import type { ClientBase } from 'pg';
import type { ActualColumn, ActualTable } from './table-plan';
import { parseBounds, type Partition } from './month-partitions';
import { quotedTable, shownTable, type TableName } from './table-name';

/** The table as it is now in the current transaction, or undefined. */
export async function readTable(client: ClientBase, name: TableName): Promise<ActualTable | undefined> {
  const found = await client.query<{ oid: string; kind: string }>(
    `select c.oid::text as oid, c.relkind::text as kind from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2`,
    [name.schema, name.table],
  );
  const table = found.rows[0];
  if (table === undefined) return undefined;
  requireTable(name, table.kind);
  const columns = await client.query<ActualColumn>(
    `select attname as name, pg_catalog.format_type(atttypid, atttypmod) as type, attnotnull as "notNull",
       atthasdef or attidentity <> '' as "hasDefault", attgenerated <> '' as generated,
       attidentity = 'a' as "alwaysIdentity"
     from pg_catalog.pg_attribute where attrelid = $1::oid and attnum > 0 and not attisdropped order by attnum`,
    [table.oid],
  );
  const keys = await client.query<{ columns: string[]; immediate: boolean }>(
    `select pg_catalog.array_agg(a.attname::text order by a.attname) as columns, i.indimmediate as immediate
     from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
     where i.indrelid = $1::oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
     group by i.indexrelid, i.indimmediate`,
    [table.oid],
  );
  const partitioned = await client.query<{ column: string }>(
    `select a.attname::text as column from pg_catalog.pg_partitioned_table p
     join pg_catalog.pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
     where p.partrelid = $1::oid and p.partstrat = 'r' and p.partnatts = 1`,
    [table.oid],
  );
  return {
    columns: columns.rows,
    uniqueKeys: keys.rows.filter((row) => row.immediate).map((row) => row.columns),
    deferrableKeys: keys.rows.filter((row) => !row.immediate).map((row) => row.columns),
    partitionedBy: partitioned.rows[0]?.column,
  };
}

const OTHER_KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  S: 'a sequence',
  i: 'an index',
  I: 'an index',
  c: 'a type',
  t: 'a TOAST table',
};

/** No statement makes a table of something else, so none is advised. */
function requireTable(name: TableName, kind: string): void {
  const other = OTHER_KINDS[kind];
  if (other === undefined) return;
  throw Failure.config(
    `${shownTable(name)} is ${other}, and rows land in tables only. Rename it, or set table.name.format so that the topic has another table, for example raw_\${topic}.`,
  );
}

/** The table's partitions as they are now in the current transaction, oldest first. */
export async function readPartitions(client: ClientBase, name: TableName): Promise<Partition[]> {
  const { rows } = await client.query<{ schema: string; table: string; bounds: string }>(
    `select n.nspname::text as schema, c.relname::text as table, pg_catalog.pg_get_expr(c.relpartbound, c.oid) as bounds
     from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where i.inhparent = pg_catalog.to_regclass($1) order by c.relname`,
    [quotedTable(name)],
  );
  return rows.map(({ schema, table, bounds }) => ({ name: { schema, table }, bounds: parseBounds(bounds) }));
}

/** Which of these names are taken in the schema, by whatever. */
export async function takenNames(client: ClientBase, schema: string, names: readonly string[]): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname::text as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = any ($2::text[])`,
    [schema, names],
  );
  return new Set(rows.map(({ name }) => name));
}
