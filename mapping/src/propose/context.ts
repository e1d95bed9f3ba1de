import type { Database } from '../database/database';
import type { TableProfile } from '../database/profile';
import type { Operations } from '../file/operations';
import type { Role } from '../model/roles';
import type { ColumnChoice } from './choose-columns';
import type { Tables } from './choose-tables';
import { expressionSql } from '../wallet/expression';
import type { Asked, Line, Lookup } from '../file/draft';
import type { Reference } from './references';

/** How rows of the transactions' table make operations, with what speaks for it. */
export interface FoundOperations {
  readonly how: Operations;
  readonly confidence: number;
  readonly because: string;
}

/** What is known so far while a mapping is proposed. */
export interface Context {
  readonly database: Database;
  readonly schema: string;
  readonly profiles: readonly TableProfile[];
  readonly references: readonly Reference[];
  readonly tables: Tables;
  readonly columns: Partial<Record<Role, ReadonlyMap<string, ColumnChoice>>>;
  /** Condition under which a row of the role's table is meant, where the table holds others too. */
  readonly rows: Partial<Record<Role, string>>;
  /** How rows of transactions make operations, where each is a state or a leg of one. */
  operations?: FoundOperations;
  readonly lines: Line[];
  readonly questions: Asked[];
}

export function tableOf(context: Context, role: Role): TableProfile | undefined {
  return context.tables.roles[role]?.table;
}

/** The SQL of a column that was chosen for a role. */
export function columnOf(context: Context, role: Role, name: string): string | undefined {
  return context.columns[role]?.get(name)?.column.sql;
}

export function add(context: Context, { alternatives = [], ...line }: Line): void {
  context.lines.push({ ...line, ...(alternatives.length > 0 ? { alternatives } : {}) });
}

/** A lookup as SQL over the rows of the table that has it. */
export function lookupSql(context: Context, { lookup, key, by, take }: Lookup): string {
  return expressionSql({ kind: 'lookup', table: lookup, key, by, take }, context.schema);
}
