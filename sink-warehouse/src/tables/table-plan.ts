import { Failure } from '@ewallet/failure';
import { quoteIdentifier } from '@ewallet/postgres';
import { LOADED_AT, LINEAGE_COLUMNS, type LandingColumn } from './layout';
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
}

export interface TableWish {
  readonly name: TableName;
  /** Business and Airbyte columns, one a name. */
  readonly columns: readonly LandingColumn[];
  /** Empty: rows are appended. */
  readonly key: readonly LandingColumn[];
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
  if (actual === undefined) return planNewTable(wish, columns, policy);
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
  return { statements, types, takesCopy: exact && (loadedAt?.hasDefault ?? true) };
}

const loadedAtColumn = `"${LOADED_AT}" timestamp with time zone not null default now()`;

function planNewTable(wish: TableWish, columns: readonly LandingColumn[], policy: TablePolicy): TablePlan {
  const table = quotedTable(wish.name);
  const definitions = columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`);
  const key = wish.key.map(({ name }) => quoteIdentifier(name)).join(', ');
  const create = `create table ${table} (${[...definitions, loadedAtColumn, ...(key === '' ? [] : [`primary key (${key})`])].join(', ')})`;
  demand(policy.autoCreate, wish.name, 'it does not exist', create);
  return {
    statements: [
      `create schema if not exists ${quoteIdentifier(wish.name.schema)}`,
      create,
      // Models that read what came since the last run find it by time of arrival; BRIN costs a page for each 128.
      `create index on ${table} using brin ("${LOADED_AT}")`,
    ],
    types: new Map(columns.map(({ name, type }) => [name, type])),
    takesCopy: true,
  };
}

function requireKey(wish: TableWish, actual: ActualTable): void {
  if (wish.key.length === 0) return;
  const wanted = wish.key.map(({ name }) => name).sort();
  const has = actual.uniqueKeys.some(
    (columns) => columns.length === wanted.length && [...columns].sort().every((name, index) => name === wanted[index]),
  );
  if (has) return;
  const key = wish.key.map(({ name }) => quoteIdentifier(name)).join(', ');
  throw refusal(
    wish.name,
    `it has no primary key or unique index on (${key})`,
    `alter table ${quotedTable(wish.name)} add primary key (${key})`,
  );
}

function demand(allowed: boolean, table: TableName, what: string, remedy: string): void {
  if (!allowed) throw refusal(table, what, remedy);
}

function refusal(table: TableName, what: string, remedy: string): Failure {
  return Failure.config(`Table ${shownTable(table)}: ${what}. Run: ${remedy};`);
}
