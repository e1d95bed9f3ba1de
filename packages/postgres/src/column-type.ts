/** What a column's values are, after domains are followed to their base: decides JSON schema and the way of its bytes. */
export type ColumnType =
  | { readonly kind: 'int32' }
  | { readonly kind: 'int64' }
  | { readonly kind: 'numeric'; readonly precision?: number; readonly scale?: number }
  | { readonly kind: 'float32' }
  | { readonly kind: 'float64' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'text' }
  /** char(n): PostgreSQL pads it with spaces, and its own cast to text leaves them out. */
  | { readonly kind: 'char' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'json' }
  | { readonly kind: 'bytea' }
  | { readonly kind: 'date' }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'timestamptz' }
  | { readonly kind: 'time' }
  | { readonly kind: 'timetz' }
  | {
      readonly kind: 'array';
      readonly element: ColumnType;
      /** Between elements of PostgreSQL's array text: a comma for all built-in types but box. */
      readonly delimiter: string;
      /** As declared; PostgreSQL enforces none of it, so it is a hint. */
      readonly dimensions: number;
    };

/** A row of pg_type, as far as needed. */
export interface TypeRow {
  readonly oid: number;
  readonly name: string;
  readonly isBuiltIn: boolean;
  /** pg_type.typtype: b base, d domain, e enum, c composite, r range, m multirange, p pseudo. */
  readonly type: string;
  readonly baseType: number;
  readonly typeModifier: number;
  readonly dimensions: number;
  /** The element's oid where this is an array type that PostgreSQL made, 0 otherwise. */
  readonly element: number;
  readonly delimiter: string;
}

const simple = new Map<string, ColumnType>([
  ['int2', { kind: 'int32' }],
  ['int4', { kind: 'int32' }],
  ['int8', { kind: 'int64' }],
  ['oid', { kind: 'int64' }],
  ['float4', { kind: 'float32' }],
  ['float8', { kind: 'float64' }],
  ['bool', { kind: 'boolean' }],
  ['bpchar', { kind: 'char' }],
  ['uuid', { kind: 'uuid' }],
  ['json', { kind: 'json' }],
  ['jsonb', { kind: 'json' }],
  ['bytea', { kind: 'bytea' }],
  ['date', { kind: 'date' }],
  ['timestamp', { kind: 'timestamp' }],
  ['timestamptz', { kind: 'timestamptz' }],
  ['time', { kind: 'time' }],
  ['timetz', { kind: 'timetz' }],
]);

/**
 * @param modifier atttypmod of the column, -1 where none
 * @param dimensions attndims of the column
 */
export function resolveColumnType(
  oid: number,
  modifier: number,
  dimensions: number,
  types: ReadonlyMap<number, TypeRow>,
): ColumnType {
  const row = types.get(oid);
  if (row === undefined) return { kind: 'text' };
  if (row.type === 'd') {
    // A domain's own modifier wins: a column of a domain has none.
    return resolveColumnType(row.baseType, row.typeModifier, Math.max(row.dimensions, dimensions), types);
  }
  if (row.element !== 0) {
    const element = resolveColumnType(row.element, modifier, 0, types);
    const delimiter = types.get(row.element)?.delimiter ?? ',';
    return { kind: 'array', element, delimiter, dimensions: Math.max(1, dimensions) };
  }
  if (!row.isBuiltIn) return { kind: 'text' };
  if (row.name === 'numeric') return { kind: 'numeric', ...numericModifier(modifier) };
  return simple.get(row.name) ?? { kind: 'text' };
}

/** The type and modifier that the protocol names for a column: of a domain those of its base. */
export function wireTypeOf(oid: number, modifier: number, types: ReadonlyMap<number, TypeRow>): WireType {
  const row = types.get(oid);
  return row?.type === 'd' ? wireTypeOf(row.baseType, row.typeModifier, types) : { oid, modifier };
}

export interface WireType {
  readonly oid: number;
  readonly modifier: number;
}

/** A type's name in a state: `int64`, `array of char`. */
export function typeLabel(type: ColumnType): string {
  return type.kind === 'array' ? `array of ${typeLabel(type.element)}` : type.kind;
}

/** Whether values hold char(n), alone or in arrays. */
export function isPadded(type: ColumnType): boolean {
  return type.kind === 'array' ? isPadded(type.element) : type.kind === 'char';
}

/** @see src/backend/utils/adt/numeric.c: precision in the high half, an 11-bit signed scale in the low one */
function numericModifier(modifier: number): { precision?: number; scale?: number } {
  if (modifier < 4) return {};
  const packed = modifier - 4;
  return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
}
