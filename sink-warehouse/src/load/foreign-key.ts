import { Failure } from '@ewallet/failure';
import { quoteIdentifier, sqlStateOf } from '@ewallet/postgres';
import { SINK_SCHEMA } from '@ewallet/sink-schema';
import type { ClientBase } from 'pg';
import { quotedTable, shownTable } from '../tables/table-name';

/** 23001 is what PostgreSQL 18 says where `on delete restrict` holds a row; 23503 before, and elsewhere. */
const FOREIGN_KEY_VIOLATIONS: ReadonlySet<string | undefined> = new Set(['23001', '23503']);

interface ForeignKey {
  readonly constraint: string;
  readonly schema: string;
  readonly table: string;
  readonly parent_schema: string;
  readonly parent_table: string;
}

/**
 * The refusal of a foreign key that references a table which the sink fills. Topics and partitions are read in no common
 * order, so a row may come before the one it refers to, and a row may go before those that refer to it: such a record is
 * valid, and must not be put aside.
 *
 * @param client in no failed transaction
 * @param error what a statement threw
 * @returns undefined where the error is another one, or the referenced table is somebody else's
 */
export async function orderedByForeignKey(client: ClientBase, error: unknown): Promise<Failure | undefined> {
  if (!FOREIGN_KEY_VIOLATIONS.has(sqlStateOf(error))) return undefined;
  const { schema, table, constraint } = error as { schema?: unknown; table?: unknown; constraint?: unknown };
  const { rows } = await client.query<ForeignKey>(
    `with recursive key as (
       select k.oid, k.conname, k.conrelid, k.confrelid, k.conparentid from pg_catalog.pg_constraint k
       join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where k.contype = 'f' and n.nspname = $1 and c.relname = $2 and k.conname = $3
       union all
       -- A partition's constraint is that of the whole table.
       select k.oid, k.conname, k.conrelid, k.confrelid, k.conparentid
       from key join pg_catalog.pg_constraint k on k.oid = key.conparentid
     )
     select key.conname::text as constraint, n.nspname::text as schema, c.relname::text as table,
       pn.nspname::text as parent_schema, p.relname::text as parent_table
     from key
     join pg_catalog.pg_class c on c.oid = key.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_class p on p.oid = key.confrelid join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
     where key.conparentid = 0 and (
       exists (select from ${SINK_SCHEMA}.tables t where t.table_schema = pn.nspname and t.table_name = p.relname)
       -- Its first record may not have come yet.
       or exists (
         select from pg_catalog.pg_attribute a where a.attrelid = p.oid and a.attname = '_kafka_offset' and not a.attisdropped
       )
     )`,
    [schema, table, constraint],
  );
  const [found] = rows;
  if (found === undefined) return undefined;
  const child = { schema: found.schema, table: found.table };
  const parent = { schema: found.parent_schema, table: found.parent_table };
  return Failure.config(
    `Foreign key ${found.constraint} of ${shownTable(child)} references ${shownTable(parent)}, which the sink fills: records of different topics come in no common order, so it refuses valid ones. ` +
      `Nothing of the batch was written, and no record was put aside. Run: alter table ${quotedTable(child)} drop constraint ${quoteIdentifier(found.constraint)}; then start the sink again. ` +
      `To test the reference, use dbt's relationships test.`,
    { cause: error },
  );
}
