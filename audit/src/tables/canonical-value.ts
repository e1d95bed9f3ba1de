import { quoteIdentifier, type ColumnType } from '@ewallet/postgres';
import { landedArray } from './canonical-array';
import type { LandedColumn } from './landed-table';
import type { SourceColumn } from './source-table';

/** What a server can do that older ones cannot. */
export interface ServerAbilities {
  /** PostgreSQL 16: pg_input_is_valid. */
  readonly checksInput: boolean;
}

/**
 * SQL over a source row that gives a column's value as it lands in the warehouse. Under the session's settings its text
 * is the one that the landed column has too, so that two rows are equal exactly when their texts are. This is the one
 * place that decides it, for keys, hashes and shown values.
 *
 * Most types need nothing: their text is the same on both sides, and every function call costs time on each row. A NaN
 * in a numeric, or a time beyond Avro's range, is rare: such a row is looked at by itself, with its `_airbyte_meta`.
 */
export function landedValue(column: SourceColumn, landed: LandedColumn | undefined, server: ServerAbilities): string {
  const name = quoteIdentifier(column.name);
  return landedForm(name, column, landed, server);
}

function landedForm(
  name: string,
  column: SourceColumn,
  landed: LandedColumn | undefined,
  server: ServerAbilities,
): string {
  const { type } = column;
  switch (type.kind) {
    case 'int32':
    case 'int64':
    case 'boolean':
    case 'text':
    case 'uuid':
    case 'bytea':
    case 'time':
    case 'timetz':
      return name;
    case 'numeric':
      return numeric(name, type, landed);
    case 'float32':
    case 'float64':
      return `nullif(nullif(nullif(${name}, 'NaN'), 'Infinity'), '-Infinity')`;
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return `case when isfinite(${name}) then ${name} end`;
    case 'json':
      // JSON's null and SQL's are one on the way: both are Airbyte's null.
      return `nullif(${column.base === 'json' ? jsonb(name, server) : name}, 'null')`;
    case 'char':
      // The cast leaves the padding away, as the source does.
      return `${name}::text`;
    case 'array':
      return landedArray(name, type);
    default:
      return type satisfies never;
  }
}

/** A column that was once declared with more decimals keeps them in the warehouse, where they land as zeros. */
function numeric(
  name: string,
  type: Extract<ColumnType, { kind: 'numeric' }>,
  landed: LandedColumn | undefined,
): string {
  if (type.scale === undefined || landed?.scale === undefined || landed.scale <= Math.max(0, type.scale)) return name;
  return `round(${name}, ${landed.scale})`;
}

/** Text that json takes and jsonb does not (half a character, a NUL) cannot land; it must not end the audit either. */
function jsonb(name: string, server: ServerAbilities): string {
  if (!server.checksInput) return `${name}::jsonb`;
  return `case when pg_input_is_valid(${name}::text, 'jsonb') then ${name}::jsonb end`;
}
