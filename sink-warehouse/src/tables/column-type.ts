import type { ColumnKind, ForeignShape } from '@ewallet/avro';

/**
 * The PostgreSQL type in which a column of this kind lands without loss, as `format_type` writes it. It is also the type
 * whose binary COPY form the row encoder writes.
 */
export function columnType(kind: ColumnKind): string {
  switch (kind.kind) {
    case 'boolean':
      return 'boolean';
    case 'int32':
      return 'integer';
    case 'int64':
      return 'bigint';
    case 'float':
      return 'real';
    case 'double':
      return 'double precision';
    case 'decimal':
      return `numeric(${kind.precision},${kind.scale})`;
    case 'decimalText':
      return 'numeric';
    case 'text':
      return 'text';
    case 'uuid':
      return 'uuid';
    case 'date':
      return 'date';
    case 'timestamp':
      return 'timestamp without time zone';
    case 'timestamptz':
      return 'timestamp with time zone';
    case 'time':
      return 'time without time zone';
    case 'timetz':
      return 'time with time zone';
    case 'json':
    case 'array':
      return 'jsonb';
    case 'bytes':
      return 'bytea';
    case 'foreign':
      return foreignType(kind.shape);
  }
}

function foreignType(shape: ForeignShape): string {
  switch (shape.shape) {
    case 'value':
      return 'jsonb';
    case 'enum':
      return 'text';
    case 'millis':
      return columnType({ kind: shape.of });
    case 'fixedDecimal':
      return `numeric(${shape.precision},${shape.scale})`;
    case 'fixedUuid':
      return 'uuid';
    case 'duration':
      return 'interval';
    case 'fixed':
      return 'bytea';
  }
}
