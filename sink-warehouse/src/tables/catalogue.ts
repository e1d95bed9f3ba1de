import type { ClientBase } from 'pg';
import type { ActualColumn, ActualTable } from './table-plan';
import type { TableName } from './table-name';

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
  const columns = await client.query<ActualColumn>(
    `select attname as name, pg_catalog.format_type(atttypid, atttypmod) as type, attnotnull as "notNull",
       atthasdef or attidentity <> '' as "hasDefault", attgenerated <> '' as generated
     from pg_catalog.pg_attribute where attrelid = $1::oid and attnum > 0 and not attisdropped order by attnum`,
    [table.oid],
  );
  const keys = await client.query<{ columns: string[] }>(
    `select array_agg(a.attname::text order by a.attname) as columns
     from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
     where i.indrelid = $1::oid and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null and i.indexprs is null
     group by i.indexrelid`,
    [table.oid],
  );
  return { columns: columns.rows, uniqueKeys: keys.rows.map((row) => row.columns) };
}
