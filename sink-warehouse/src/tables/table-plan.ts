import { Failure } from '@ewallet/failure';
import { quoteIdentifier } from '@ewallet/postgres';
import { LOADED_AT, LINEAGE_COLUMNS, type LandingColumn } from './layout';
import { createDefaultSql, requireRoomForPartitions } from './month-partitions';
import { quotedTable, shownTable, type TableName } from './table-name';
import { widestType } from './widening';

/** A column of an existing table. */
export interface ActualColumn {
  readonly name: string;
  /** As `format_type` writes it. */
  readonly type: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly generated: boolean;
}

export interface ActualTable {
  readonly columns: readonly ActualColumn[];
  /** The column sets of unique indexes that ON CONFLICT can use. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** The column of a table that is partitioned by ranges of one column. */
  readonly partitionedBy?: string | undefined;
}

export interface TableWish {
  readonly name: TableName;
  /** Business and Airbyte columns, one a name. */
  readonly columns: readonly LandingColumn[];
  /** What ON CONFLICT goes by: of a partitioned table the column of the partitions too. Empty: rows are appended. */
  readonly key: readonly LandingColumn[];
  /** The column whose month a row's partition is. */
  readonly partitionBy?: string | undefined;
}

export interface TablePolicy {
  readonly autoCreate: boolean;
  readonly autoEvolve: boolean;
}

export interface TablePlan {
  readonly statements: readonly string[];
  /** Name → type of the columns that rows are written to, once the statements have run. */
  readonly types: ReadonlyMap<string, string>;
  /** Whether every column has its landing type and `_loaded_at` fills itself, so that COPY can go straight in. */
  readonly takesCopy: boolean;
}

/**
 * What has to be done so that the rows fit the table, decided from what is there. Types are only ever widened; a change
 * that could lose something is refused with the statement that an administrator would run.
 */
export function planTable(wish: TableWish, actual: ActualTable | undefined, policy: TablePolicy): TablePlan {
  const columns = [...wish.columns, ...LINEAGE_COLUMNS];
  const { partitionBy } = wish;
  if (partitionBy !== undefined) requireDates(wish, partitionBy);
  if (actual === undefined) return planNewTable(wish, columns, policy);
  requirePartitioning(wish, actual);
  const found = new Map(actual.columns.map((column) => [column.name, column]));
  const key = new Set(wish.key.map(({ name }) => name));
  const statements: string[] = [];
  const types = new Map<string, string>();
  const alter = `alter table ${quotedTable(wish.name)}`;
  for (const column of columns) {
    const name = quoteIdentifier(column.name);
    const present = found.get(column.name);
    if (present === undefined) {
      demand(policy.autoEvolve, wish.name, `it has no column ${name}`, `${alter} add column ${name} ${column.type}`);
      statements.push(`${alter} add column ${name} ${column.type}`);
      types.set(column.name, column.type);
      continue;
    }
    if (present.generated) {
      throw refusal(wish.name, `its column ${name} is generated`, `${alter} alter column ${name} drop expression`);
    }
    const type = widestType(present.type, column.type);
    if (type === undefined) {
      const remedy = `${alter} alter column ${name} type ${column.type} using ${name}::${column.type}`;
      throw refusal(wish.name, `its column ${name} is ${present.type} and rows bring ${column.type}`, remedy);
    }
    if (type !== present.type) {
      if (column.name === partitionBy) throw changedPartitionColumn(wish.name, name, present.type, type);
      const change = `${alter} alter column ${name} type ${type}`;
      demand(
        policy.autoEvolve,
        wish.name,
        `its column ${name} is ${present.type}, too narrow for ${column.type}`,
        change,
      );
      statements.push(change);
    }
    types.set(column.name, type);
    if (present.notNull && column.nullable && !key.has(column.name)) {
      const change = `${alter} alter column ${name} drop not null`;
      demand(policy.autoEvolve, wish.name, `its column ${name} takes no null`, change);
      statements.push(change);
    }
  }
  for (const column of actual.columns) {
    if (types.has(column.name) || column.name === LOADED_AT) continue;
    if (!column.notNull || column.hasDefault || column.generated) continue;
    const change = `${alter} alter column ${quoteIdentifier(column.name)} drop not null`;
    demand(policy.autoEvolve, wish.name, `rows no longer bring its column ${quoteIdentifier(column.name)}`, change);
    statements.push(change);
  }
  const loadedAt = found.get(LOADED_AT);
  if (loadedAt === undefined) {
    const change = `${alter} add column ${loadedAtColumn}`;
    demand(policy.autoEvolve, wish.name, `it has no column "${LOADED_AT}"`, change);
    statements.push(change);
  }
  requireKey(wish, actual);
  const exact = columns.every(({ name, type }) => types.get(name) === type);
  return { statements, types, takesCopy: exact && (loadedAt?.hasDefault ?? true) && partitionBy === undefined };
}

const loadedAtColumn = `"${LOADED_AT}" timestamp with time zone not null default now()`;

function planNewTable(wish: TableWish, columns: readonly LandingColumn[], policy: TablePolicy): TablePlan {
  const { name, key, partitionBy } = wish;
  const table = quotedTable(name);
  const definitions = [...columns.map((column) => `${quoteIdentifier(column.name)} ${column.type}`), loadedAtColumn];
  const keyNames = key.map((column) => quoteIdentifier(column.name)).join(', ');
  const primaryKey = keyNames === '' || partitionBy !== undefined ? [] : [`primary key (${keyNames})`];
  const create = `create table ${table} (${[...definitions, ...primaryKey].join(', ')})`;
  demand(policy.autoCreate, name, 'it does not exist', create);
  return {
    statements: [
      `create schema if not exists ${quoteIdentifier(name.schema)}`,
      ...(partitionBy === undefined
        ? // Models that read what came since the last run find it by time of arrival; BRIN costs a page for each 128.
          [create, `create index on ${table} using brin ("${LOADED_AT}")`]
        : partitionedTable(name, create, keyNames, quoteIdentifier(partitionBy))),
    ],
    types: new Map(columns.map((column) => [column.name, column.type])),
    takesCopy: partitionBy === undefined,
  };
}

/** No primary key, whose columns take no null: a row without a date has to land too, in the default partition. */
function partitionedTable(name: TableName, create: string, key: string, column: string): string[] {
  requireRoomForPartitions(name);
  const table = quotedTable(name);
  return [
    `${create} partition by range (${column})`,
    ...(key === '' ? [] : [`create unique index on ${table} (${key})`]),
    // At this size models ask for max(_loaded_at) too, which BRIN cannot tell without reading all of it.
    `create index on ${table} ("${LOADED_AT}")`,
    `create index on ${table} using brin (${column})`,
    createDefaultSql(name),
  ];
}

const DATE_TYPES: ReadonlySet<string> = new Set(['date', 'timestamp without time zone', 'timestamp with time zone']);

function requireDates({ name, columns }: TableWish, partitionBy: string): void {
  const column = columns.find((candidate) => candidate.name === partitionBy);
  if (column !== undefined && DATE_TYPES.has(column.type)) return;
  const what = column === undefined ? 'which the stream does not have' : `which is ${column.type} and no date`;
  throw Failure.config(
    `Table ${shownTable(name)}: table.partition.by.month names its column ${quoteIdentifier(partitionBy)}, ${what}. Name one of ${columns
      .filter(({ type }) => DATE_TYPES.has(type))
      .map((candidate) => candidate.name)
      .join(', ')}.`,
  );
}

/** The sink partitions a table when it makes it; to rebuild one that may hold a billion rows is not its to decide. */
function requirePartitioning({ name, partitionBy, key }: TableWish, actual: ActualTable): void {
  if (partitionBy === actual.partitionedBy) return;
  if (partitionBy === undefined) {
    if (key.length === 0) return;
    throw Failure.config(
      `Table ${shownTable(name)}: it is partitioned by ${quoteIdentifier(actual.partitionedBy ?? '')}. Set table.partition.by.month=${name.table}:${actual.partitionedBy ?? ''}.`,
    );
  }
  const how = actual.partitionedBy === undefined ? 'not partitioned' : `partitioned by "${actual.partitionedBy}"`;
  throw Failure.config(
    `Table ${shownTable(name)}: it is ${how}, and table.partition.by.month wants months of ${quoteIdentifier(partitionBy)}. Take the entry out, or rebuild the table as docs/sink-warehouse.md shows under "Partitioned tables".`,
  );
}

function changedPartitionColumn(name: TableName, column: string, from: string, to: string): Failure {
  return Failure.config(
    `Table ${shownTable(name)}: its column ${column} is ${from}, has to become ${to}, and is what the table is partitioned by, which PostgreSQL does not change. Rebuild the table as docs/sink-warehouse.md shows under "Partitioned tables".`,
  );
}

function requireKey(wish: TableWish, actual: ActualTable): void {
  if (wish.key.length === 0) return;
  const wanted = wish.key.map(({ name }) => name).sort();
  const has = actual.uniqueKeys.some(
    (columns) => columns.length === wanted.length && [...columns].sort().every((name, index) => name === wanted[index]),
  );
  if (has) return;
  const key = wish.key.map(({ name }) => quoteIdentifier(name)).join(', ');
  const remedy =
    wish.partitionBy === undefined
      ? `alter table ${quotedTable(wish.name)} add primary key (${key})`
      : `create unique index on ${quotedTable(wish.name)} (${key})`;
  throw refusal(wish.name, `it has no primary key or unique index on (${key})`, remedy);
}

function demand(allowed: boolean, table: TableName, what: string, remedy: string): void {
  if (!allowed) throw refusal(table, what, remedy);
}

function refusal(table: TableName, what: string, remedy: string): Failure {
  return Failure.config(`Table ${shownTable(table)}: ${what}. Run: ${remedy};`);
}
