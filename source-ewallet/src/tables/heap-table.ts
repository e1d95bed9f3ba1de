import type { Client } from 'pg';
import { quoteQualified } from '@ewallet/postgres';
import type { Table } from './table';

/** A table that holds rows of a stream itself: the stream's own, a leaf partition, or a child by inheritance. */
export interface HeapTable {
  readonly oid: number;
  readonly sql: string;
  /** pg_relation_filenode: another one after VACUUM FULL, CLUSTER or TRUNCATE. */
  readonly file: number;
  readonly blocks: number;
  readonly rows: number;
}

const heapTablesSql = `
  with recursive tree(oid) as (
    select $1::oid
    union
    select i.inhrelid from pg_inherits i join tree t on i.inhparent = t.oid
  )
  select c.oid::int8 as oid, n.nspname as schema, c.relname as name, pg_relation_filenode(c.oid)::int8 as file,
    pg_relation_size(c.oid) / current_setting('block_size')::int8 as blocks, greatest(c.reltuples, 0)::float8 as rows,
    has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT') as readable, c.relkind as kind
  from tree join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
  where c.relkind <> 'p'
  order by c.oid`;

interface HeapTableRow {
  oid: string;
  schema: string;
  name: string;
  file: string | null;
  blocks: string;
  rows: number;
  readable: boolean;
  kind: string;
}

/**
 * The tables that hold a stream's rows, in the order of their oids; undefined where one of them cannot be read by itself
 * (a foreign partition, or one without a grant of its own), so that the stream is read through its parent in one go.
 */
export async function queryHeapTables(client: Client, table: Table): Promise<readonly HeapTable[] | undefined> {
  const { rows } = await client.query<HeapTableRow>(heapTablesSql, [table.oid]);
  if (rows.some((row) => !row.readable || row.file === null || row.kind === 'f')) return undefined;
  return rows.map((row) => ({
    oid: Number(row.oid),
    sql: quoteQualified(row.schema, row.name),
    file: Number(row.file),
    blocks: Number(row.blocks),
    rows: row.rows,
  }));
}
