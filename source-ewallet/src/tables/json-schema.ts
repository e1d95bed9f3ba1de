import type { ColumnType } from '@ewallet/postgres';

export type PropertySchema = Readonly<Record<string, unknown>>;

/**
 * The JSON schema of a column's values, with Airbyte's `airbyte_type`. `precision`, `scale`, `format: int32|float|double`
 * and `contentEncoding` say what JSON's types cannot; destinations that do not know them ignore them.
 *
 * @see https://docs.airbyte.com/understanding-airbyte/supported-data-types
 */
export function propertySchema(type: ColumnType): PropertySchema {
  switch (type.kind) {
    case 'int32':
      return { type: ['null', 'integer'], airbyte_type: 'integer', format: 'int32' };
    case 'int64':
      return { type: ['null', 'integer'], airbyte_type: 'integer' };
    case 'numeric':
      return type.precision === undefined || type.scale === undefined
        ? { type: ['null', 'number'] }
        : { type: ['null', 'number'], precision: type.precision, scale: type.scale };
    case 'float32':
      return { type: ['null', 'number'], format: 'float' };
    case 'float64':
      return { type: ['null', 'number'], format: 'double' };
    case 'boolean':
      return { type: ['null', 'boolean'] };
    case 'text':
    case 'char':
      return { type: ['null', 'string'] };
    case 'uuid':
      return { type: ['null', 'string'], format: 'uuid' };
    case 'json':
      return { type: ['null', 'object'] };
    case 'bytea':
      return { type: ['null', 'string'], contentEncoding: 'base64' };
    case 'date':
      return { type: ['null', 'string'], format: 'date' };
    case 'timestamp':
      return { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_without_timezone' };
    case 'timestamptz':
      return { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' };
    case 'time':
      return { type: ['null', 'string'], format: 'time', airbyte_type: 'time_without_timezone' };
    case 'timetz':
      return { type: ['null', 'string'], format: 'time', airbyte_type: 'time_with_timezone' };
    case 'array':
      return type.dimensions > 1
        ? { type: ['null', 'array'] }
        : { type: ['null', 'array'], items: propertySchema(type.element) };
    default:
      return type satisfies never;
  }
}
