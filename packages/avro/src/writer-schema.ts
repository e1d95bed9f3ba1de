import { Failure } from '@ewallet/failure';
import { kindOfAvroType, NAME_PROPERTY, nullableBranch, type AvroSchema } from './avro-schema';
import type { ColumnKind } from './column-kind';
import { isObject } from './json-object';
import { NamedTypes } from './named-types';
import { METADATA_FIELDS } from './record-schema';

/** A field of a writer schema, as a reader that lands it in a table needs it. */
export interface WriterColumn {
  /** The column's original name. */
  readonly name: string;
  /** The Avro field's name. */
  readonly field: string;
  readonly kind: ColumnKind;
  readonly nullable: boolean;
  /** Index of null in the field's two-branch union; undefined when the field is no such union: then no index is written. */
  readonly nullBranch: 0 | 1 | undefined;
  /** The Avro type without its null; the whole type where `kind` is `foreign` and it is a wider union. */
  readonly avroType: AvroSchema;
  /** One of `_airbyte_extracted_at`, `_airbyte_meta`, `_airbyte_generation_id` at the end of the record. */
  readonly metadata: boolean;
}

export interface WriterSchema {
  /** The stream's original name, where we wrote the schema; else the Avro record's. */
  readonly stream: string;
  readonly recordName: string;
  /** In the order in which Avro writes them, without gaps: field after field is the record's bytes. */
  readonly columns: readonly WriterColumn[];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const metadataNames: ReadonlySet<string> = new Set(METADATA_FIELDS);

function describeField(field: unknown, named: NamedTypes, namespace: string): WriterColumn {
  if (!isObject(field) || typeof field.name !== 'string') {
    throw Failure.system('An Avro field without a name: the registry returned an invalid schema.');
  }
  const type = named.standalone(field.type as AvroSchema, namespace);
  const branch = nullableBranch(type);
  const original = text(field[NAME_PROPERTY]);
  return {
    name: original ?? field.name,
    field: field.name,
    kind: branch === undefined ? { kind: 'foreign', shape: { shape: 'value' } } : kindOfAvroType(branch.type),
    nullable: branch === undefined ? (type as readonly AvroSchema[]).includes('null') : branch.nullBranch !== undefined,
    nullBranch: branch?.nullBranch,
    avroType: branch?.type ?? type,
    metadata: original === undefined && metadataNames.has(field.name),
  };
}

/**
 * A key's or value's writer schema as columns.
 *
 * @param schema the parsed JSON of an Avro record schema, ours or foreign
 * @throws Failure config_error when it is not a record
 */
export function describeWriterSchema(schema: unknown): WriterSchema {
  if (!isObject(schema) || schema.type !== 'record' || !Array.isArray(schema.fields)) {
    throw Failure.config('The Avro schema is not a record: only records can be read as rows.');
  }
  const recordName = text(schema.name) ?? '';
  const named = new NamedTypes();
  named.add(schema);
  const namespace = recordName.includes('.')
    ? recordName.slice(0, recordName.lastIndexOf('.'))
    : (text(schema.namespace) ?? '');
  return {
    stream: text(schema[NAME_PROPERTY]) ?? recordName,
    recordName,
    columns: (schema.fields as readonly unknown[]).map((field) => describeField(field, named, namespace)),
  };
}
