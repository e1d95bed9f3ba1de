import { Failure, refuseUnknown } from '@ewallet/failure';

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
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw Failure.config('A stream in `streams` must be its name, or an object with `name`.');
  }
  const stream = value as Readonly<Record<string, unknown>>;
  refuseUnknown(stream, KEYS, 'streams.');
  const { name } = stream;
  if (typeof name !== 'string' || name === '') throw Failure.config('A stream in `streams` has no `name`.');
  return {
    name,
    ...(stream.columns === undefined ? {} : { columns: texts(stream.columns, name, 'columns') }),
    ...(stream.primary_key === undefined ? {} : { primaryKey: texts(stream.primary_key, name, 'primary_key') }),
    ...(stream.table === undefined ? {} : { table: tableOf(stream.table, name) }),
    ...(stream.renamed === undefined ? {} : { renamed: namesOf(stream.renamed, name) }),
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
