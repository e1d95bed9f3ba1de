import type { WriterColumn, WriterSchema } from '@ewallet/avro';
import { Failure } from '@ewallet/failure';

/** What makes two records one row: `insert.mode`, `pk.mode` and `pk.fields` together. */
export type KeyRule =
  /** Every record is a row. */
  | { readonly kind: 'none' }
  /** Every record is a row, as the topic's records have no key; one that has is a bad record. */
  | { readonly kind: 'keyless' }
  /** Every record is a row, and the table's key is where it came from: topic, partition and offset. */
  | { readonly kind: 'coordinates' }
  /** Fields of the record's key; no names mean all of them. */
  | { readonly kind: 'record-key'; readonly fields: readonly string[] }
  | { readonly kind: 'record-value'; readonly fields: readonly string[] };

/** The field of a schema that is no record, such as a key that is a bare string; `pk.fields` gives it its column's name. */
export const UNNAMED = '';

/**
 * The columns of the schema that are the primary key, in the order of `fields`.
 *
 * @throws Failure naming the field that the schema lacks
 */
export function keyColumns(schema: WriterSchema, fields: readonly string[], where: string): readonly WriterColumn[] {
  const [only] = schema.columns;
  if (schema.columns.length === 1 && only?.name === UNNAMED) {
    const [name, ...others] = fields;
    if (name === undefined || others.length > 0) {
      throw Failure.config(`${where} is a single value, no record: name its column in pk.fields, one name.`);
    }
    return [only];
  }
  if (fields.length === 0) return schema.columns;
  return fields.map((name) => {
    const column = schema.columns.find((candidate) => candidate.name === name);
    if (column !== undefined) return column;
    const present = schema.columns.map((candidate) => candidate.name).join(', ');
    throw Failure.config(`${where} has no field ${JSON.stringify(name)}, which pk.fields names. It has ${present}.`);
  });
}

/** The schema with its single value under the name that `pk.fields` gives it; records as they are. */
export function namedSchema(schema: WriterSchema, fields: readonly string[]): WriterSchema {
  const [only] = schema.columns;
  const [name] = fields;
  if (schema.columns.length !== 1 || only?.name !== UNNAMED || fields.length !== 1 || name === undefined) return schema;
  return { ...schema, columns: [{ ...only, name }] };
}
