import type { ColumnKind, ScalarKind } from './column-kind';
import { isObject, type JsonObject } from './json-object';

const INT32 = { min: -2147483648, max: 2147483647 };

/** The property's JSON types less `null`. `["integer","number"]` is `number`, as every integer is a number. */
function nonNullTypes(schema: JsonObject): readonly string[] {
  const declared = Array.isArray(schema.type) ? (schema.type as readonly unknown[]) : [schema.type];
  const types = new Set(declared.filter((type): type is string => typeof type === 'string' && type !== 'null'));
  if (types.has('number')) types.delete('integer');
  return [...types];
}

function isNullOnly(schema: unknown): boolean {
  return isObject(schema) && schema.type === 'null';
}

function within(schema: JsonObject, range: { min: number; max: number }): boolean {
  const { minimum, maximum } = schema;
  return typeof minimum === 'number' && typeof maximum === 'number' && minimum >= range.min && maximum <= range.max;
}

function integerKind(schema: JsonObject): ScalarKind {
  const small = schema.format === 'int32' || schema.format === 'int16' || within(schema, INT32);
  return small ? { kind: 'int32' } : { kind: 'int64' };
}

/** What PostgreSQL's widest declaration, numeric(1000,-1000), comes to. */
const MAX_PRECISION = 2000;

/**
 * PostgreSQL allows a negative scale and a scale above the precision, Avro neither: numeric(3,-2) is carried as
 * decimal(5,0) and numeric(3,5) as decimal(5,5), which hold the same numbers. A precision beyond any database's says
 * nothing about the numbers: those are carried as text.
 */
function decimalKind(precision: number, scale: number): ScalarKind {
  const kind = {
    kind: 'decimal',
    precision: scale < 0 ? precision - scale : Math.max(precision, scale),
    scale: Math.max(scale, 0),
  } as const;
  return kind.precision > MAX_PRECISION ? { kind: 'decimalText' } : kind;
}

function numberKind(schema: JsonObject): ScalarKind {
  const { precision, scale, format, airbyte_type: airbyteType } = schema;
  if (airbyteType === 'integer') return integerKind(schema);
  if (format === 'float') return { kind: 'float' };
  if (format === 'double') return { kind: 'double' };
  if (Number.isInteger(precision) && (precision as number) > 0) {
    if (scale === undefined) return decimalKind(precision as number, 0);
    if (Number.isInteger(scale)) return decimalKind(precision as number, scale as number);
  }
  return { kind: 'decimalText' };
}

function stringKind(schema: JsonObject): ScalarKind {
  const { format, airbyte_type: airbyteType, contentEncoding } = schema;
  if (contentEncoding === 'base64') return { kind: 'bytes' };
  switch (format) {
    case 'uuid':
      return { kind: 'uuid' };
    case 'date':
      return { kind: 'date' };
    case 'date-time':
      return { kind: airbyteType === 'timestamp_without_timezone' ? 'timestamp' : 'timestamptz' };
    case 'time':
      return { kind: airbyteType === 'time_without_timezone' ? 'time' : 'timetz' };
    default:
      return { kind: 'text' };
  }
}

function arrayKind(schema: JsonObject, choices: number): ColumnKind {
  // Arrays of arrays are JSON however deep they go: looked at first, so that a deep schema costs no stack.
  if (!isObject(schema.items) || nonNullTypes(schema.items)[0] === 'array') return { kind: 'json' };
  const items = kindOf(schema.items, choices);
  if (items.kind === 'array' || items.kind === 'json' || items.kind === 'foreign') return { kind: 'json' };
  return { kind: 'array', items };
}

/**
 * The kind of one property of an Airbyte stream's JSON schema. Total: what has no single exact kind (objects, several
 * types, `oneOf`, `$ref`, no type at all, `true`) is carried as JSON text, which holds any value.
 *
 * Extra keywords that our own source adds, ignored by other destinations: integer `format: int16|int32|int64`, number
 * `format: float|double`, number `precision` + `scale`, string `format: uuid`, `contentEncoding: base64`.
 */
export function columnKindOf(schema: unknown): ColumnKind {
  return kindOf(schema, 0);
}

/** A choice inside a choice is seen now and then; deeper than this it is nothing that a column could be made of. */
const MAX_NESTED_CHOICES = 16;

/** @param choices how many `oneOf` or `anyOf` lie around the schema */
function kindOf(schema: unknown, choices: number): ColumnKind {
  if (!isObject(schema)) return { kind: 'json' };
  const types = nonNullTypes(schema);
  const [type] = types;
  if (types.length > 1) return { kind: 'json' };
  switch (type) {
    case 'boolean':
      return { kind: 'boolean' };
    case 'integer':
      return integerKind(schema);
    case 'number':
      return numberKind(schema);
    case 'string':
      return stringKind(schema);
    case 'array':
      return arrayKind(schema, choices);
    default: {
      const alternatives = schema.oneOf ?? schema.anyOf;
      if (type !== undefined || !Array.isArray(alternatives)) return { kind: 'json' };
      const real = (alternatives as readonly unknown[]).filter((choice) => !isNullOnly(choice));
      return real.length === 1 && choices < MAX_NESTED_CHOICES ? kindOf(real[0], choices + 1) : { kind: 'json' };
    }
  }
}

/** The declared properties of a stream's JSON schema, in their order. */
export function propertiesOf(streamSchema: unknown): readonly (readonly [name: string, schema: unknown])[] {
  const properties = isObject(streamSchema) ? streamSchema.properties : undefined;
  return isObject(properties) ? Object.entries(properties) : [];
}
