import type { ConfiguredStream } from './selection';

const DELETED_AT = '_ab_cdc_deleted_at';

/**
 * A stream whose records may say that a row is gone, as those of change data capture do: a destination that keeps the
 * row and marks it needs the column.
 */
export function withDeletionColumn<Stream extends ConfiguredStream>(configured: Stream): Stream {
  const { stream } = configured;
  const schema = objectOf(stream.json_schema);
  const properties = objectOf(schema.properties);
  if (DELETED_AT in properties) return configured;
  const column = { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' };
  const json_schema = { ...schema, properties: { ...properties, [DELETED_AT]: column } };
  return { ...configured, stream: { ...stream, json_schema } };
}

/** Whether the destination's configuration has it keep rows that are deleted, marked. */
export function keepsDeletedRows(settings: unknown): boolean {
  return objectOf(settings).deletion_mode === 'soft';
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
