import type { Json, JsonObject } from './json';

/** A column of the warehouse, by name: numeric ids belong to one Metabase and are never in a file. */
export interface ColumnName {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

export function columnText({ schema, table, column }: ColumnName): string {
  return `${schema}.${table}.${column}`;
}

export type Widget =
  | 'date/all-options'
  | 'date/range'
  | 'date/single'
  | 'string/='
  | 'string/contains'
  | 'number/='
  | 'number/between'
  | 'category';

/** A field filter: Metabase writes the whole condition, on the table's real name, so that table can have no alias. */
export interface FieldTag {
  readonly kind: 'field';
  readonly label: string;
  readonly column: ColumnName;
  readonly widget: Widget;
  readonly default?: Json;
  readonly required?: boolean;
}

/** A plain variable: its value stands in the SQL as a parameter. */
export interface VariableTag {
  readonly kind: 'text' | 'number' | 'date';
  readonly label: string;
  readonly default?: Json;
  readonly required?: boolean;
}

export type Tag = FieldTag | VariableTag;

/** Which columns of the answer are amounts, and the column (or else the tag) that names their currency. */
export interface Money {
  readonly columns: readonly string[];
  readonly currency: string;
}

export type Display =
  | 'table'
  | 'scalar'
  | 'smartscalar'
  | 'line'
  | 'area'
  | 'bar'
  | 'row'
  | 'combo'
  | 'pie'
  | 'funnel'
  | 'progress'
  | 'gauge'
  | 'scatter'
  | 'waterfall'
  | 'object'
  | 'map'
  | 'sankey';

/** A saved question ("card" in Metabase's API). */
export interface Question {
  readonly key: string;
  readonly collection: string;
  readonly name: string;
  readonly description: string;
  readonly display: Display;
  /** The connection's name, where it is not the one that the command names. */
  readonly database?: string;
  readonly sql: readonly string[];
  readonly tags?: Readonly<Record<string, Tag>>;
  readonly columns?: Readonly<Record<string, JsonObject>>;
  readonly money?: Money;
  readonly settings?: JsonObject;
}
