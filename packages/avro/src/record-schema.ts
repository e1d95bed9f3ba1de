import { Failure } from '@ewallet/failure';
import { avroTypeOf, NAME_PROPERTY, type AvroSchema } from './avro-schema';
import type { ColumnKind, ScalarKind } from './column-kind';
import { columnKindOf, propertiesOf } from './json-schema';
import { avroFieldNames, avroName, avroRecordName, displayName, type StreamName } from './names';

/** The fields that follow the data in every value record, in this order. */
export const METADATA_FIELDS = ['_airbyte_extracted_at', '_airbyte_meta', '_airbyte_generation_id'] as const;

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: null;
  readonly [property: string]: unknown;
}
export interface AvroRecord {
  readonly type: 'record';
  readonly name: string;
  readonly namespace?: string;
  readonly fields: readonly AvroField[];
  readonly [property: string]: unknown;
}

/** A column as the destination writes it. */
export interface MappedColumn<Kind = Exclude<ColumnKind, { kind: 'foreign' }>> {
  /** The property of the Airbyte record. */
  readonly name: string;
  /** The Avro field. */
  readonly field: string;
  readonly kind: Kind;
}

/** Everything that a stream's JSON schema and primary key decide about its records in Kafka. */
export interface StreamMapping {
  readonly stream: StreamName;
  readonly columns: readonly MappedColumn[];
  /** Empty when the stream has no primary key: its records have a null key. */
  readonly keyColumns: readonly MappedColumn<ScalarKind>[];
  readonly valueSchema: AvroRecord;
  readonly keySchema: AvroRecord | undefined;
}

export interface StreamToMap extends StreamName {
  readonly jsonSchema: unknown;
  /** Airbyte's form: a path for each part of the key. */
  readonly primaryKey?: readonly (readonly string[])[] | undefined;
}

function originalName(column: { readonly name: string; readonly field: string }): Record<string, string> {
  return column.name === column.field ? {} : { [NAME_PROPERTY]: column.name };
}

function recordSchema(stream: StreamName, suffix: string, fields: readonly AvroField[]): AvroRecord {
  const name = avroRecordName(stream.name) + suffix;
  const namespace = stream.namespace === undefined || stream.namespace === '' ? undefined : avroName(stream.namespace);
  return {
    type: 'record',
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === stream.name + suffix ? {} : { [NAME_PROPERTY]: stream.name }),
    fields,
  };
}

function keyColumn(
  stream: StreamToMap,
  path: readonly string[],
  columns: readonly MappedColumn[],
): MappedColumn<ScalarKind> {
  const [name, ...deeper] = path;
  const column = columns.find((candidate) => candidate.name === name);
  const at = `Stream ${displayName(stream)}: primary key ${JSON.stringify(path.join('.'))}`;
  const remedy = 'Choose top-level columns that the schema declares.';
  if (column === undefined)
    throw Failure.config(`${at} is not in the stream's schema. ${remedy}`, { stream: named(stream) });
  if (deeper.length > 0) throw Failure.config(`${at} lies inside another column. ${remedy}`, { stream: named(stream) });
  const { kind } = column;
  if (kind.kind === 'array') return { ...column, kind: { kind: 'json' } };
  return { ...column, kind };
}

function named(stream: StreamName): { name: string; namespace?: string } {
  return stream.namespace === undefined ? { name: stream.name } : { name: stream.name, namespace: stream.namespace };
}

/**
 * Maps one stream of the configured catalogue. Every data field is `["null", T]` with default null, so columns may come
 * and go under BACKWARD compatibility; key fields are never null, because a key names a row.
 *
 * @throws Failure config_error when the primary key is not made of declared top-level columns
 */
export function mapStream(stream: StreamToMap): StreamMapping {
  const properties = propertiesOf(stream.jsonSchema);
  const fieldNames = avroFieldNames(
    properties.map(([name]) => name),
    new Set(METADATA_FIELDS),
  );
  const columns = properties.map(([name, schema], index): MappedColumn => {
    const kind = columnKindOf(schema);
    return { name, field: fieldNames[index] ?? name, kind: kind.kind === 'foreign' ? { kind: 'json' } : kind };
  });
  const keyColumns = (stream.primaryKey ?? []).map((path) => keyColumn(stream, path, columns));
  const dataFields = columns.map((column): AvroField => ({
    name: column.field,
    type: ['null', avroTypeOf(column.kind)],
    default: null,
    ...originalName(column),
  }));
  const metadataFields: readonly AvroField[] = [
    { name: '_airbyte_extracted_at', type: avroTypeOf({ kind: 'timestamptz' }) },
    { name: '_airbyte_meta', type: avroTypeOf({ kind: 'json' }) },
    { name: '_airbyte_generation_id', type: 'long' },
  ];
  const keyFields = keyColumns.map((column): AvroField => ({
    name: column.field,
    type: avroTypeOf(column.kind),
    ...originalName(column),
  }));
  return {
    stream: named(stream),
    columns,
    keyColumns,
    valueSchema: recordSchema(stream, '', [...dataFields, ...metadataFields]),
    keySchema: keyFields.length === 0 ? undefined : recordSchema(stream, '_key', keyFields),
  };
}
