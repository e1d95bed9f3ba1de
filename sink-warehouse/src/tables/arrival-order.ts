import type { ClientBase } from 'pg';
import type { LandingColumn, Layout } from './layout';
import type { TableName } from './table-name';

interface Found {
  /** Whether a constraint beside the key looks at other rows or at other tables, or a trigger at each row, and at what it was. */
  readonly constrained: boolean;
  /** Columns of the key with more than one form of a value, such as 1.0 and 1.00, or "a" and "A" in some collations. */
  readonly loose: readonly string[];
  readonly types: Readonly<Record<string, string>>;
}

interface KeyLanding {
  readonly key: readonly LandingColumn[];
  readonly layout: Layout;
  /** How many ways of writing the key the topic has shown: a string and an int of one number are one key. */
  readonly keyForms: number;
}

/**
 * Whether the last record of each key is not enough, and rows have to land in the order in which they came: what one
 * record may do depends on the rows of other keys, or two keys that differ in Kafka are one to PostgreSQL.
 */
export async function landsInOrder(
  client: ClientBase,
  name: TableName,
  { key, layout: { columns }, keyForms }: KeyLanding,
): Promise<boolean> {
  const names = key.map((column) => column.name);
  const { rows } = await client.query<Found>(FACTS, [name.schema, name.table, [...names].sort()]);
  const found = rows[0];
  if (found === undefined) return false;
  if (found.constrained) return true;
  if (key.length === 0) return false;
  const isCast = columns.some(
    (column) => names.includes(column.name) && family(column.type) !== family(found.types[column.name] ?? ''),
  );
  return keyForms > 1 || isCast || found.loose.length > 0;
}

/** Types whose values are compared and written the same way. */
function family(type: string): string {
  if (['smallint', 'integer', 'bigint'].includes(type)) return 'integer';
  return type.startsWith('character varying') ? 'text' : type;
}

/** Indexes and constraints of partitions count too; an index of a partitioned table's index is counted once. */
const FACTS = `
  with self as (
    select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = $2
  ),
  tables as (select self.oid from self union select relid from self, pg_catalog.pg_partition_tree(self.oid)),
  columns as (
    select a.attname::text as name, pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
      a.atttypid = any ('{int2,int4,int8,text,varchar,uuid,bool,date,timestamp,timestamptz,time,bytea}'::pg_catalog.regtype[])
        and coalesce(c.collisdeterministic, true) as exact
    from self join pg_catalog.pg_attribute a on a.attrelid = self.oid and a.attnum > 0 and not a.attisdropped
    left join pg_catalog.pg_collation c on c.oid = a.attcollation
    where a.attname::text = any ($3::text[])
  )
  select exists (
      select from pg_catalog.pg_index i
      where i.indrelid in (select oid from tables) and (i.indisunique or i.indisexclusion)
        and not exists (select from pg_catalog.pg_inherits h where h.inhrelid = i.indexrelid)
        and (i.indisexclusion or i.indpred is not null or i.indexprs is not null or array(
          select a.attname::text from pg_catalog.pg_attribute a
          where a.attrelid = i.indrelid and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]) order by a.attname::text collate "C"
        ) <> $3::text[])
    ) or exists (
      select from pg_catalog.pg_constraint f
      where f.contype = 'f' and (f.conrelid in (select oid from tables) or f.confrelid in (select oid from tables))
    ) or exists (
      select from pg_catalog.pg_trigger t
      where t.tgrelid in (select oid from tables) and not t.tgisinternal and t.tgenabled in ('O', 'A')
        and t.tgtype & 1 = 1 -- for each row
    ) as constrained,
    array(select name from columns where not exact) as loose,
    (select coalesce(pg_catalog.jsonb_object_agg(name, type), '{}') from columns) as types
  from self`;
