import { quoteIdentifier, quoteLiteral } from '@ewallet/postgres';
import { LINEAGE_COLUMNS, LOADED_AT, type LandingColumn, type Layout } from '../tables/layout';
import { quotedTable, type TableName } from '../tables/table-name';

/** Columns of the landing table have numbers for names: a writer's type change gives one name two landing types. */
export function landingColumnName(slot: number): string {
  return `c${slot}`;
}

function landingColumns(layout: Layout): readonly LandingColumn[] {
  return [...LINEAGE_COLUMNS, ...layout.columns];
}

/** Rows wait there for the merge. It empties itself at the end of each transaction. */
export function createLandingSql(landing: string, layout: Layout): string {
  const columns = landingColumns(layout).map(({ type }, slot) => `${landingColumnName(slot)} ${type}`);
  return `create temporary table ${landing} (${columns.join(', ')}) on commit delete rows`;
}

/** Binary COPY of the first `width` columns into the landing table. */
export function copyToLandingSql(landing: string, width: number): string {
  const columns = Array.from({ length: width }, (_, slot) => landingColumnName(slot));
  return `copy ${landing} (${columns.join(', ')}) from stdin (format binary)`;
}

/** Binary COPY straight into the table, where every landing column has its column there with the same type. */
export function copyToTableSql(name: TableName, layout: Layout, width: number): string {
  const columns = landingColumns(layout)
    .slice(0, width)
    .map((column) => quoteIdentifier(column.name));
  return `copy ${quotedTable(name)} (${columns.join(', ')}) from stdin (format binary)`;
}

/** Column of the table → the expression over the landing table that is its value. */
export function landedValues(layout: Layout, types: ReadonlyMap<string, string>): Map<string, string> {
  const slotsByName = new Map<string, string[]>();
  landingColumns(layout).forEach((column, slot) => {
    const type = types.get(column.name) ?? '';
    const name = landingColumnName(slot);
    const slots = slotsByName.get(column.name) ?? [];
    slots.push(column.type === type ? name : `${name}::${type}`);
    slotsByName.set(column.name, slots);
  });
  return new Map(
    [...slotsByName].map(([name, slots]) => [
      name,
      slots.length === 1 ? slots.join() : `coalesce(${slots.join(', ')})`,
    ]),
  );
}

interface MergeOptions {
  readonly landing: string;
  readonly name: TableName;
  readonly layout: Layout;
  /** Name → type in the table. */
  readonly types: ReadonlyMap<string, string>;
  /** What ON CONFLICT goes by; empty appends. */
  readonly key: readonly LandingColumn[];
  /** Whether rows land in the order in which they were copied to the landing table. */
  readonly inOrder: boolean;
  /** The time of landing; undefined: now(). */
  readonly loadedAt: string | undefined;
}

/**
 * Landing rows into the table: one row per key, the new one whole. What a record lacks becomes null even where the table
 * has a default: a row says what its last record says, whatever batch it came in.
 */
export function mergeSql({ landing, name, layout, types, key, inOrder, loadedAt }: MergeOptions): string {
  const values = landedValues(layout, types);
  const columns = [...values.keys()];
  const targets = [...columns, LOADED_AT].map(quoteIdentifier);
  const time = loadedAt === undefined ? 'now()' : `${quoteLiteral(loadedAt)}::timestamptz`;
  // A key that is `generated always as identity` takes the record's value only so.
  const insert = `insert into ${quotedTable(name)} (${targets.join(', ')}) overriding system value select ${[...values.values(), time].join(', ')} from ${landing}`;
  if (key.length === 0) return inOrder ? `${insert} order by ctid` : insert;
  const keyNames = new Set(key.map((column) => column.name));
  // In key order two sinks that meet on the same rows wait for each other instead of deadlocking.
  const order = inOrder ? 'ctid' : key.map((column) => values.get(column.name)).join(', ');
  const updates = [...columns, LOADED_AT]
    .filter((column) => !keyNames.has(column))
    .map((column) => `${quoteIdentifier(column)} = excluded.${quoteIdentifier(column)}`);
  const conflict = key.map((column) => quoteIdentifier(column.name)).join(', ');
  return `${insert} order by ${order} on conflict (${conflict}) do update set ${updates.join(', ')}`;
}

/**
 * Whether the table has the key of any landing row. The limit keeps the planner to one look into the index a row: it
 * knows nothing of how few rows there are, and would read the whole table to join it.
 */
export function anyKeyThereSql(
  landing: string,
  name: TableName,
  layout: Layout,
  key: readonly LandingColumn[],
): string {
  const slots = landingColumns(layout).map((column) => column.name);
  const matches = key.map((column) => {
    const slot = landingColumnName(slots.indexOf(column.name));
    return `t.${quoteIdentifier(column.name)} = l.${slot}`;
  });
  return `select exists (
    select from ${landing} as l cross join lateral (select from ${quotedTable(name)} as t where ${matches.join(' and ')} limit 1) as there
  ) as found`;
}

const INTEGERS: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint']);

/** Where the keys of tombstones wait. */
export function createKeyLandingSql(landing: string, key: readonly LandingColumn[]): string {
  const columns = key.map(({ type }, slot) => `${landingColumnName(slot)} ${type}`);
  return `create temporary table ${landing} (${columns.join(', ')}) on commit delete rows`;
}

/**
 * @param key in the types of the tombstones, which may not be the columns': a merge casts to these, and so does this
 * @param types name → type in the table
 */
export function deleteSql(
  landing: string,
  name: TableName,
  key: readonly LandingColumn[],
  types: ReadonlyMap<string, string>,
): string {
  const matches = key.map((column, slot) => {
    const type = types.get(column.name) ?? column.type;
    // Integers of any width compare as they are; a cast would refuse a key that no row can have.
    const comparesAsIs = type === column.type || (INTEGERS.has(type) && INTEGERS.has(column.type));
    return `t.${quoteIdentifier(column.name)} = k.${landingColumnName(slot)}${comparesAsIs ? '' : `::${type}`}`;
  });
  return `delete from ${quotedTable(name)} as t using ${landing} as k where ${matches.join(' and ')}`;
}

/** Overwrite: what an earlier generation left in this partition below the control record. */
export function deleteGenerationSql(name: TableName): string {
  return `delete from ${quotedTable(name)} where _kafka_topic = $1 and _kafka_partition = $2 and _kafka_offset < $3
    and _airbyte_generation_id is distinct from $4`;
}
