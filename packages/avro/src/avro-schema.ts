import type { ColumnKind, ForeignShape, ScalarKind } from './column-kind';

/** Avro schemas as JSON, the part of the specification that we write and read. */
export type AvroSchema = string | AvroComplex | readonly AvroSchema[];
export interface AvroComplex {
  readonly type: AvroSchema;
  readonly logicalType?: string;
  readonly [property: string]: unknown;
}

/** Property of an Avro type that says what a string holds: `decimal`, `json` or `timetz`. Other readers ignore it. */
export const KIND_PROPERTY = 'ewallet.kind';
/** Property of an Avro field: the column's name in the source, when Avro's alphabet could not hold it. */
export const NAME_PROPERTY = 'ewallet.name';

export function avroTypeOf(kind: Exclude<ColumnKind, { kind: 'foreign' }>): AvroSchema {
  switch (kind.kind) {
    case 'boolean':
    case 'float':
    case 'double':
    case 'bytes':
      return kind.kind;
    case 'int32':
      return 'int';
    case 'int64':
      return 'long';
    case 'decimal':
      return { type: 'bytes', logicalType: 'decimal', precision: kind.precision, scale: kind.scale };
    case 'decimalText':
      return { type: 'string', [KIND_PROPERTY]: 'decimal' };
    case 'text':
      return 'string';
    case 'uuid':
      return { type: 'string', logicalType: 'uuid' };
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'timestamp':
      return { type: 'long', logicalType: 'local-timestamp-micros' };
    case 'timestamptz':
      return { type: 'long', logicalType: 'timestamp-micros' };
    case 'time':
      return { type: 'long', logicalType: 'time-micros' };
    case 'timetz':
    case 'json':
      return { type: 'string', [KIND_PROPERTY]: kind.kind };
    case 'array':
      return { type: 'array', items: ['null', avroTypeOf(kind.items)] };
    default:
      return kind satisfies never;
  }
}

function isComplex(schema: AvroSchema): schema is AvroComplex {
  return typeof schema === 'object' && !Array.isArray(schema);
}

function stringKind(schema: AvroComplex): ColumnKind {
  if (schema.logicalType === 'uuid') return { kind: 'uuid' };
  switch (schema[KIND_PROPERTY]) {
    case 'decimal':
      return { kind: 'decimalText' };
    case 'json':
      return { kind: 'json' };
    case 'timetz':
      return { kind: 'timetz' };
    default:
      return { kind: 'text' };
  }
}

function longKind(schema: AvroComplex): ColumnKind {
  switch (schema.logicalType) {
    case 'timestamp-micros':
      return { kind: 'timestamptz' };
    case 'local-timestamp-micros':
      return { kind: 'timestamp' };
    case 'time-micros':
      return { kind: 'time' };
    case 'timestamp-millis':
      return foreign({ shape: 'millis', of: 'timestamptz' });
    case 'local-timestamp-millis':
      return foreign({ shape: 'millis', of: 'timestamp' });
    case 'timestamp-nanos':
    case 'local-timestamp-nanos':
      return VALUE; // PostgreSQL has microseconds: the number keeps all digits
    default:
      return { kind: 'int64' };
  }
}

function bytesKind(schema: AvroComplex): ColumnKind {
  if (schema.logicalType !== 'decimal') return { kind: 'bytes' };
  const { precision, scale = 0 } = schema;
  if (typeof precision !== 'number' || typeof scale !== 'number') return { kind: 'bytes' };
  return { kind: 'decimal', precision, scale };
}

function isScalar(kind: ColumnKind): kind is ScalarKind {
  return kind.kind !== 'array' && kind.kind !== 'foreign';
}

function arrayKind(schema: AvroComplex): ColumnKind {
  const items = nullableBranch(schema.items as AvroSchema);
  if (items?.nullBranch !== 0) return VALUE;
  const kind = kindOfAvroType(items.type);
  return isScalar(kind) ? { kind: 'array', items: kind } : VALUE;
}

function enumKind({ symbols }: AvroComplex): ColumnKind {
  const isList = Array.isArray(symbols) && symbols.every((symbol) => typeof symbol === 'string');
  return isList ? foreign({ shape: 'enum', symbols: symbols }) : VALUE;
}

function fixedKind({ size, logicalType, precision, scale = 0 }: AvroComplex): ColumnKind {
  if (typeof size !== 'number') return VALUE;
  if (logicalType === 'decimal' && typeof precision === 'number' && typeof scale === 'number')
    return foreign({ shape: 'fixedDecimal', size, precision, scale });
  if (logicalType === 'uuid' && size === 16) return foreign({ shape: 'fixedUuid' });
  if (logicalType === 'duration' && size === 12) return foreign({ shape: 'duration' });
  return foreign({ shape: 'fixed', size });
}

function foreign(shape: ForeignShape): ColumnKind {
  return { kind: 'foreign', shape };
}

const VALUE: ColumnKind = foreign({ shape: 'value' });

/** The inverse of {@link avroTypeOf}, total over Avro: shapes that our destination never writes are `foreign`. */
export function kindOfAvroType(schema: AvroSchema): ColumnKind {
  if (Array.isArray(schema)) return VALUE;
  const complex = isComplex(schema) ? schema : { type: schema };
  switch (complex.type) {
    case 'boolean':
    case 'float':
    case 'double':
      return { kind: complex.type };
    case 'int':
      if (complex.logicalType === 'time-millis') return foreign({ shape: 'millis', of: 'time' });
      return complex.logicalType === 'date' ? { kind: 'date' } : { kind: 'int32' };
    case 'long':
      return longKind(complex);
    case 'bytes':
      return bytesKind(complex);
    case 'string':
      return stringKind(complex);
    case 'array':
      return arrayKind(complex);
    case 'enum':
      return enumKind(complex);
    case 'fixed':
      return fixedKind(complex);
    default:
      return VALUE;
  }
}

/**
 * A field's type without its null: `["null", T]` gives `{ type: T, nullBranch: 0 }`, a plain T gives `nullBranch:
 * undefined`, and a union with more than one type besides null gives undefined.
 */
export function nullableBranch(
  schema: AvroSchema,
): { readonly type: AvroSchema; readonly nullBranch: 0 | 1 | undefined } | undefined {
  if (!Array.isArray(schema)) return { type: schema, nullBranch: undefined };
  const branches = schema as readonly AvroSchema[];
  const [first, second] = branches;
  if (branches.length !== 2 || first === undefined || second === undefined) return undefined;
  if (first === 'null') return { type: second, nullBranch: 0 };
  if (second === 'null') return { type: first, nullBranch: 1 };
  return undefined;
}
