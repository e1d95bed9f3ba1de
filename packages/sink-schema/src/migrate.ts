import { Failure } from '@ewallet/failure';
import { failureFromPostgres, sqlStateOf } from '@ewallet/postgres';
import type { Migration } from './migration';
import { MIGRATIONS } from './migrations';
import { SINK_SCHEMA } from './schema';

/** What migrating needs of a `pg` client, so that whoever owns the connection chooses its kind. */
export interface MigrationClient {
  query(sql: string, parameters?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Version 0.1.0 took this lock too before it created its tables. Any constant works, as long as all use the same one. */
const MIGRATION_LOCK = 7_310_583_001;
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Brings the `sink` schema of the warehouse to the newest migration that this program knows; a schema that is there
 * already costs one query. Any number of processes may call it at once: they take turns.
 *
 * @param client in no transaction
 * @returns the number of the migration that the schema is at
 * @throws Failure config_error where the schema is newer than this program, or the role may not change it
 */
export async function migrateSinkSchema(
  client: MigrationClient,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<number> {
  const newest = migrations.length;
  if ((await schemaNumber(client, newest)) === newest) return newest;
  await client.query('begin');
  try {
    await client.query('select pg_catalog.pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const present = await schemaNumber(client, newest); // another process may have migrated while this one waited
    if (present === 0) await createRecord(client);
    for (const { number, title, statements } of migrations.slice(present)) {
      for (const statement of statements) await client.query(statement);
      await client.query(`insert into ${SINK_SCHEMA}.migrations (number, title) values ($1, $2)`, [number, title]);
    }
    await client.query('commit');
    return newest;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    if (sqlStateOf(error) !== INSUFFICIENT_PRIVILEGE) {
      throw failureFromPostgres(error, { what: `Could not bring the schema ${SINK_SCHEMA} to migration ${newest}` });
    }
    throw Failure.config(
      `The warehouse's schema ${SINK_SCHEMA} has to be brought to migration ${newest}, and this role may not change it: ${textOf(error)}. ` +
        `Run \`sink-warehouse validate\` once with a connection.url of the schema's owner (a new schema needs CREATE on the database), then grant this role SELECT, INSERT, UPDATE, DELETE on all tables in schema ${SINK_SCHEMA}.`,
      { cause: error },
    );
  }
}

/** The migration that the schema is at; 0 where none is recorded, as in a warehouse of version 0.1.0. */
async function schemaNumber(client: MigrationClient, newestKnown: number): Promise<number> {
  const { rows } = await client.query(
    `select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = 'migrations'`,
    [SINK_SCHEMA],
  );
  if (rows.length === 0) return 0;
  const found = await client.query(
    `select coalesce(pg_catalog.max(number), 0) as number from ${SINK_SCHEMA}.migrations`,
  );
  const number = Number((found.rows[0] as { number: unknown } | undefined)?.number ?? 0);
  if (number <= newestKnown) return number;
  throw Failure.config(
    `The warehouse's schema ${SINK_SCHEMA} is at migration ${number}, and this program knows ${newestKnown}: a newer version has been here. Install that version or a later one; nothing was read or written.`,
  );
}

/** `create schema if not exists` asks for a right on the database even where the schema is there. */
async function createRecord(client: MigrationClient): Promise<void> {
  const { rows } = await client.query('select 1 from pg_catalog.pg_namespace where nspname = $1', [SINK_SCHEMA]);
  if (rows.length === 0) await client.query(`create schema ${SINK_SCHEMA}`);
  await client.query(
    `create table if not exists ${SINK_SCHEMA}.migrations (
       number integer primary key,
       title text not null,
       applied_by text not null default current_user,
       applied_at timestamptz not null default now()
     )`,
  );
  await client.query(
    `comment on table ${SINK_SCHEMA}.migrations is 'Which migrations of this schema were applied; written by the sink'`,
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
