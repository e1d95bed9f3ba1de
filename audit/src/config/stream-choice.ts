import { ConfigReader, Failure, isObject } from '@ewallet/failure';

/** A stream to audit, and what the two databases do not say about it themselves. */
export interface StreamChoice {
  /** `public.users`, or `users` where that is unique. */
  readonly name: string;
  /** The columns that were synced; undefined for those that the warehouse has. */
  readonly columns?: readonly string[];
  /** The key that the stream was synced by, where it is not the table's primary key. */
  readonly primaryKey?: readonly string[];
  /** `schema.table` in the warehouse, where `table.name.format` does not lead to it. */
  readonly table?: readonly [schema: string, table: string];
  /** The warehouse's name of a column, where it is neither the source's own nor what Avro makes of it. */
  readonly renamed?: Readonly<Record<string, string>>;
}

const KEYS = ['name', 'columns', 'primary_key', 'table', 'renamed'];

/** `"public.users"`, or `{"name", "columns", "primary_key", "table", "renamed"}`. */
export function parseStreamChoice(value: unknown): StreamChoice {
  if (typeof value === 'string' && value !== '') return { name: value };
  if (!isObject(value)) {
    throw Failure.config('A stream in `streams` must be its name, or an object with `name`.');
  }
  const stream = new ConfigReader(value, 'streams');
  stream.only(...KEYS);
  const name = stream.optionalText('name');
  if (name === undefined) throw Failure.config('A stream in `streams` has no `name`.');
  const [columns, primaryKey, table, renamed] = ['columns', 'primary_key', 'table', 'renamed'].map((key) =>
    stream.value(key),
  );
  return {
    name,
    ...(columns === undefined ? {} : { columns: texts(columns, name, 'columns') }),
    ...(primaryKey === undefined ? {} : { primaryKey: texts(primaryKey, name, 'primary_key') }),
    ...(table === undefined ? {} : { table: tableOf(table, name) }),
    ...(renamed === undefined ? {} : { renamed: namesOf(renamed, name) }),
  };
}

/** A list of names; Airbyte's paths of one name are taken too. */
function texts(value: unknown, stream: string, key: string): readonly string[] {
  const items = (Array.isArray(value) ? (value as readonly unknown[]) : []).map((item) =>
    Array.isArray(item) && item.length === 1 ? (item[0] as unknown) : item,
  );
  const names = items.filter((item): item is string => typeof item === 'string' && item !== '');
  if (names.length === 0 || names.length !== items.length) {
    throw Failure.config(`Stream ${stream}: \`${key}\` must be a list of column names.`);
  }
  return names;
}

function tableOf(value: unknown, stream: string): readonly [string, string] {
  const [schema, ...rest] = typeof value === 'string' ? value.split('.') : [];
  const table = rest.join('.');
  if (schema === undefined || schema === '' || table === '') {
    throw Failure.config(`Stream ${stream}: \`table\` must be "schema.table".`);
  }
  return [schema, table];
}

function namesOf(value: unknown, stream: string): Readonly<Record<string, string>> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const names = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  if (names.length === 0 || names.length !== entries.length) {
    throw Failure.config(`Stream ${stream}: \`renamed\` must be an object: {"source column": "warehouse column"}.`);
  }
  return Object.fromEntries(names);
}
