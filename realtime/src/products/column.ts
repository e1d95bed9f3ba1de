import type { IdType } from '../inputs/input-types';

/** A column of a result: as Flink's SQL has it and as Avro has it. */
export type ColumnType =
  | { readonly kind: 'id'; readonly of: IdType }
  | { readonly kind: 'text' }
  | { readonly kind: 'count' }
  | { readonly kind: 'flag' }
  | { readonly kind: 'money'; readonly scale: number }
  /** Microseconds since 1970, UTC. */
  | { readonly kind: 'time' };

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

export const TEXT: ColumnType = { kind: 'text' };
export const COUNT: ColumnType = { kind: 'count' };
export const FLAG: ColumnType = { kind: 'flag' };
export const TIME: ColumnType = { kind: 'time' };

export function sqlType(type: ColumnType): string {
  switch (type.kind) {
    case 'id':
      return type.of;
    case 'text':
      return 'STRING';
    case 'count':
    case 'time':
      return 'BIGINT';
    case 'flag':
      return 'BOOLEAN';
    case 'money':
      return `DECIMAL(38, ${type.scale})`;
    default:
      return type satisfies never;
  }
}

/**
 * Times are BIGINT in SQL and local-timestamp-micros in Avro: Flink's avro-confluent knows only milliseconds
 * (FLINK-39036), and takes this logical type, which it does not know either, as the plain long that it is.
 */
export function avroType(type: ColumnType): unknown {
  switch (type.kind) {
    case 'id':
      return type.of === 'BIGINT' ? 'long' : 'string';
    case 'text':
      return 'string';
    case 'count':
      return 'long';
    case 'flag':
      return 'boolean';
    case 'time':
      return { type: 'long', logicalType: 'local-timestamp-micros' };
    case 'money':
      return { type: 'bytes', logicalType: 'decimal', precision: 38, scale: type.scale };
    default:
      return type satisfies never;
  }
}
