import type { Client } from 'pg';
import { quoteIdentifier, quoteQualified } from '@ewallet/postgres';
import type { Column, Table } from './table';

/**
 * Locks a stream's table in the current transaction, before its snapshot where that can be, so that neither its columns
 * nor its file change between the look at the catalogue and the reading. LOCK TABLE takes no materialised views and no
 * foreign tables, and asks for SELECT on all of the table.
 */
export async function lockTable(client: Client, table: Table): Promise<void> {
  if (isLockable(table)) {
    await client.query(`lock table ${quoteQualified(table.schema, table.name)} in access share mode`);
  }
}

/**
 * Whether the table that the current transaction found is the one that was locked, with columns as its statements find
 * them. Where not, a change came between the transaction's snapshot and its lock, and a new one has to begin.
 */
export async function isLocked(
  client: Client,
  locked: Table,
  table: Table,
  columns: readonly Column[],
): Promise<boolean> {
  if (isLockable(table) !== isLockable(locked)) return false;
  return (await isReadAsLooked(client, table, columns)) && !(await isAnyRewritten(client));
}

/**
 * Whether anything that the transaction has locked (partitions and a view's tables are in it) was made, dropped or rewritten
 * after its snapshot. ALTER TABLE, TRUNCATE and CREATE MATERIALIZED VIEW leave rows that an earlier snapshot does not see,
 * so that the table would be read as empty. pg_class is read with the snapshot, pg_relation_filenode() without.
 *
 * @see https://www.postgresql.org/docs/current/mvcc-caveats.html
 */
async function isAnyRewritten(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_locks l left join pg_class c on c.oid = l.relation
      where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.relation >= ${FIRST_USER_OID}
        and (c.oid is null or nullif(c.relfilenode, 0) is distinct from pg_relation_filenode(c.oid))
      limit 1`,
  );
  return rowCount === 1;
}

/** FirstNormalObjectId in PostgreSQL's access/transam.h: below are the catalogue's own tables. */
const FIRST_USER_OID = 16_384;

function isLockable(table: Table): boolean {
  return table.hasRowVersions && table.kind !== 'materialized view';
}

/** A statement of no rows locks whatever it names until the transaction's end, and the answer tells the types that it found. */
async function isReadAsLooked(client: Client, table: Table, columns: readonly Column[]): Promise<boolean> {
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  await client.query('savepoint looked');
  try {
    const { fields } = await client.query(`select ${names} from ${quoteQualified(table.schema, table.name)} limit 0`);
    return columns.every(({ wireType }, index) => {
      const field = fields[index];
      return field?.dataTypeID === wireType.oid && field.dataTypeModifier === wireType.modifier;
    });
  } catch (error) {
    if (!isGone(error)) throw error;
    await client.query('rollback to savepoint looked');
    return false;
  } finally {
    await client.query('release savepoint looked').catch(() => undefined);
  }
}

/** undefined_column, undefined_table, and a cached definition that is no longer true. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['42703', '42P01', '0A000'].includes(String(error.code));
}
