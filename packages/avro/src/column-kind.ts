/**
 * What a column holds, independent of how JSON schema, Avro or PostgreSQL write it down. The closed set on which
 * destination and sink agree; design of the mapping in docs/reading-the-topics.md.
 */
export type ScalarKind =
  | { readonly kind: 'boolean' }
  | { readonly kind: 'int32' }
  | { readonly kind: 'int64' }
  | { readonly kind: 'float' }
  | { readonly kind: 'double' }
  /** Fixed point, Avro `bytes` with logicalType decimal: two's complement, big endian, unscaled. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** Any decimal number as its text, for numbers without a declared precision. */
  | { readonly kind: 'decimalText' }
  | { readonly kind: 'text' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'date' }
  /** Microseconds since 1970-01-01 00:00:00, without a zone. */
  | { readonly kind: 'timestamp' }
  /** Microseconds since 1970-01-01 00:00:00 UTC. */
  | { readonly kind: 'timestamptz' }
  /** Microseconds since midnight; 24:00:00 is 86400000000, as PostgreSQL allows it. */
  | { readonly kind: 'time' }
  /** Time with its offset, as text. */
  | { readonly kind: 'timetz' }
  /** JSON text, byte for byte as the source sent it. */
  | { readonly kind: 'json' }
  | { readonly kind: 'bytes' };

export type ColumnKind =
  | ScalarKind
  /** One-dimensional array; each item may be null. */
  | { readonly kind: 'array'; readonly items: ScalarKind }
  /** An Avro shape that our destination never writes (nested record, map, wider union, …): decode it with `avroType`. */
  | { readonly kind: 'foreign' };
