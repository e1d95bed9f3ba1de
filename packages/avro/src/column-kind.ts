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
  /** An Avro type that our destination never writes. */
  | { readonly kind: 'foreign'; readonly shape: ForeignShape };

/** What an Avro type of another producer holds. */
export type ForeignShape =
  /** Nested record, map, wider union, …: decode it with `avroType`. */
  | { readonly shape: 'value' }
  /** The index of a symbol. */
  | { readonly shape: 'enum'; readonly symbols: readonly string[] }
  /** Milliseconds since 1970, of the day for `time`; an int or a long. */
  | { readonly shape: 'millis'; readonly of: 'timestamp' | 'timestamptz' | 'time' }
  /** `size` bytes; two's complement, big endian, unscaled. */
  | { readonly shape: 'fixedDecimal'; readonly size: number; readonly precision: number; readonly scale: number }
  /** The sixteen bytes of a UUID. */
  | { readonly shape: 'fixedUuid' }
  /** Three unsigned integers of four bytes, little endian: months, days, milliseconds. */
  | { readonly shape: 'duration' }
  | { readonly shape: 'fixed'; readonly size: number };
