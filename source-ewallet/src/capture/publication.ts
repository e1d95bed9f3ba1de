import type { Client } from 'pg';
import { Failure } from '@ewallet/failure';
import { quoteIdentifier, quoteQualified } from '@ewallet/postgres';
import type { Column, Table } from '../tables/table';

/** A publication as pg_publication shows it. */
export interface Publication {
  readonly name: string;
  readonly isForAllTables: boolean;
  readonly operations: { readonly insert: boolean; readonly update: boolean; readonly delete: boolean };
  /** Whether changes of partitions come under the name of the partitioned table. */
  readonly viaRoot: boolean;
}

/** A table as the publication gives it. */
export interface CapturedTable {
  readonly table: Table;
  /** Partitions by their own; the table itself where it has none. */
  readonly leaves: readonly { readonly oid: number; readonly schema: string; readonly name: string }[];
  /** Names of the leaves that the publication does not hold; all of it is published where this is empty. */
  readonly unpublished: readonly string[];
  /** A WHERE of the publication, which the first copy would not apply. */
  readonly rowFilter: string | undefined;
  /** The columns that the stream has: no generated ones, unless they are published, and none left out by a column list. */
  readonly columns: readonly Column[];
  /** Columns left out by a column list of the publication. */
  readonly excluded: readonly string[];
  readonly generated: readonly string[];
  /** What names a row in an UPDATE or DELETE; empty where nothing does. */
  readonly key: readonly string[];
  readonly identity: 'default' | 'nothing' | 'full' | 'index';
  /** Whether rows can swap their primary keys within a transaction, so that a key names two rows for a while. */
  readonly hasDeferrableKey: boolean;
  /** Columns whose unchanged values an UPDATE leaves out: stored out of line, without REPLICA IDENTITY FULL. */
  readonly unchangedLeftOut: readonly string[];
}

export async function queryPublication(client: Client, name: string): Promise<Publication | undefined> {
  const { rows } = await client.query<{
    all: boolean;
    insert: boolean;
    update: boolean;
    delete: boolean;
    root: boolean;
  }>(
    `select puballtables as all, pubinsert as insert, pubupdate as update, pubdelete as delete, pubviaroot as root
     from pg_publication where pubname = $1`,
    [name],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    name,
    isForAllTables: row.all,
    operations: { insert: row.insert, update: row.update, delete: row.delete },
    viaRoot: row.root,
  };
}

/** @throws Failure where there is none */
export async function requirePublication(client: Client, name: string, database: string): Promise<Publication> {
  const publication = await queryPublication(client, name);
  if (publication !== undefined) return publication;
  throw Failure.config(`There is no publication ${name} in database ${database}: ${createPublicationSql(name)}`);
}

export function createPublicationSql(name: string): string {
  return (
    `CREATE PUBLICATION ${quoteIdentifier(name)} FOR ALL TABLES WITH (publish_via_partition_root = true); ` +
    '(as a superuser; or FOR TABLE and the tables to read, as their owner).'
  );
}

const tablesSql = `
  select t.oid::int8 as oid, leaf.oid::int8 as leaf, n.nspname as schema, c.relname as name, c.relreplident as identity,
    coalesce((select array_agg(a.attname::text order by k.ord)
      from pg_index i, unnest(i.indkey) with ordinality as k(attnum, ord), pg_attribute a
      where i.indrelid = leaf.oid and i.indisreplident and k.ord <= i.indnkeyatts
        and a.attrelid = leaf.oid and a.attnum = k.attnum), '{}') as identity_columns,
    exists (select from pg_index i where i.indrelid = leaf.oid and i.indisprimary and not i.indimmediate) as deferrable,
    array(select a.attname::text from pg_attribute a
      where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated <> '') as generated,
    array(select a.attname::text from pg_attribute a
      where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attlen = -1 and a.attstorage in ('x', 'e')
        and a.atttypid not in ('numeric'::regtype)) as toastable
  from unnest($1::oid[]) as t(oid)
  join pg_class root on root.oid = t.oid
  cross join lateral (
    select t.oid where root.relkind <> 'p'
    union all
    select relid from pg_partition_tree(t.oid) where root.relkind = 'p' and isleaf
  ) as leaf(oid)
  join pg_class c on c.oid = leaf.oid
  join pg_namespace n on n.oid = c.relnamespace
  order by t.oid, leaf.oid`;

interface LeafRow {
  oid: string;
  leaf: string;
  schema: string;
  name: string;
  identity: string;
  identity_columns: string[];
  deferrable: boolean;
  generated: string[];
  toastable: string[];
}

interface PublishedRow {
  schemaname: string;
  tablename: string;
  attnames?: string[] | null;
  rowfilter?: string | null;
}

/** The tables (ordinary and partitioned ones) as a publication gives them. */
export async function queryCapturedTables(
  client: Client,
  tables: readonly Table[],
  publication: string,
): Promise<readonly CapturedTable[]> {
  const streams = tables.filter(({ kind }) => kind === 'table' || kind === 'partitioned table');
  const leaves = await client.query<LeafRow>(tablesSql, [streams.map(({ oid }) => oid)]);
  // As JSON: PostgreSQL 14 knows neither column lists nor row filters.
  const published = await client.query<{ member: PublishedRow }>(
    'select to_jsonb(t) as member from pg_publication_tables t where pubname = $1',
    [publication],
  );
  const version = await client.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  const members = new Map(
    published.rows.map(({ member }) => [JSON.stringify([member.schemaname, member.tablename]), member]),
  );
  return streams.map((table) =>
    capturedTable(
      table,
      leaves.rows.filter((leaf) => Number(leaf.oid) === table.oid),
      members,
      version.rows[0]?.version ?? 0,
    ),
  );
}

function capturedTable(
  table: Table,
  leaves: readonly LeafRow[],
  members: ReadonlyMap<string, PublishedRow>,
  version: number,
): CapturedTable {
  const memberOf = (schema: string, name: string): PublishedRow | undefined =>
    members.get(JSON.stringify([schema, name]));
  const own = memberOf(table.schema, table.name);
  const found = own === undefined ? leaves.flatMap((leaf) => memberOf(leaf.schema, leaf.name) ?? []) : [own];
  const generated = leaves[0]?.generated ?? [];
  // From PostgreSQL 18 the publication lists the generated columns that it publishes; before, none are.
  const isPublished = (column: Column): boolean =>
    found.every(({ attnames }) => attnames === undefined || attnames === null || attnames.includes(column.name)) &&
    (!generated.includes(column.name) || (version >= 180_000 && found.some(({ attnames }) => attnames !== undefined)));
  const columns = table.columns.filter(isPublished);
  const identity = worstIdentity(leaves.map((leaf) => leaf.identity));
  const identityColumns = leaves[0]?.identity_columns ?? [];
  const key = keyOf(identity, table.primaryKey, identityColumns);
  const names = new Set(columns.map(({ name }) => name));
  return {
    table,
    leaves: leaves.map((leaf) => ({ oid: Number(leaf.leaf), schema: leaf.schema, name: leaf.name })),
    unpublished:
      own === undefined
        ? leaves
            .filter((leaf) => memberOf(leaf.schema, leaf.name) === undefined)
            .map((leaf) => `${leaf.schema}.${leaf.name}`)
        : [],
    rowFilter: found.map(({ rowfilter }) => rowfilter ?? undefined).find((filter) => filter !== undefined),
    columns,
    excluded: table.columns.filter(({ name }) => !names.has(name) && !generated.includes(name)).map(({ name }) => name),
    generated: generated.filter((name) => !names.has(name)),
    key,
    identity,
    hasDeferrableKey: leaves.some(({ deferrable }) => deferrable),
    unchangedLeftOut:
      identity === 'full' ? [] : (leaves[0]?.toastable ?? []).filter((name) => names.has(name) && !key.includes(name)),
  };
}

const identityOrder = ['nothing', 'index', 'default', 'full'] as const;

function worstIdentity(letters: readonly string[]): CapturedTable['identity'] {
  const names = letters.map((letter) => {
    if (letter === 'n') return 'nothing';
    if (letter === 'f') return 'full';
    return letter === 'i' ? 'index' : 'default';
  });
  return identityOrder.find((name) => names.includes(name)) ?? 'default';
}

function keyOf(
  identity: CapturedTable['identity'],
  primaryKey: readonly string[],
  identityColumns: readonly string[],
): readonly string[] {
  switch (identity) {
    case 'default':
    case 'full':
      return primaryKey;
    case 'index':
      // Where the index holds the primary key too, rows go by that.
      return primaryKey.length > 0 && primaryKey.every((name) => identityColumns.includes(name))
        ? primaryKey
        : identityColumns;
    case 'nothing':
      return [];
  }
}

/** Why the changes of a table cannot be captured, and what to do; undefined where they can. */
export function whyNotCaptured(captured: CapturedTable, publication: Publication): string | undefined {
  const { table, unpublished, leaves, identity, key } = captured;
  const name = quoteQualified(table.schema, table.name);
  if (table.unreadable !== undefined) return 'may not be read: GRANT SELECT on it.';
  const isMissing = leaves.length > 0 && unpublished.length === leaves.length;
  if (isMissing || unpublished.length > 0) {
    const what = isMissing
      ? 'is not in the publication'
      : `has partitions that are not in it (${unpublished.join(', ')})`;
    return `${what}: ALTER PUBLICATION ${quoteIdentifier(publication.name)} ADD TABLE ${name};`;
  }
  if (captured.hasDeferrableKey && identity !== 'index') {
    return (
      'has a DEFERRABLE primary key, under which rows may swap keys within a transaction: make it NOT DEFERRABLE, ' +
      `or give the table a unique index that is not, and ALTER TABLE ${name} REPLICA IDENTITY USING INDEX that index;`
    );
  }
  const { update, delete: deletes } = publication.operations;
  if ((update || deletes) && (identity === 'nothing' || (identity !== 'full' && key.length === 0))) {
    return (
      'has no replica identity, so nothing names the rows that UPDATE and DELETE touch: ' +
      `give it a primary key, or ALTER TABLE ${name} REPLICA IDENTITY FULL;`
    );
  }
  return undefined;
}
