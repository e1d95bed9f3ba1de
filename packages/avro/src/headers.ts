/** Kafka headers of every data record; values are UTF-8 text. */
export const STREAM_HEADER = 'stream';
/** Absent where the stream has no namespace. */
export const NAMESPACE_HEADER = 'namespace';
/** Airbyte's sync id; absent where the catalogue has none. */
export const SYNC_ID_HEADER = 'sync_id';
/**
 * 22 characters, equal for equal data of the same row: a record that is delivered again because its transaction
 * committed but was not acknowledged carries the same id.
 */
export const RECORD_ID_HEADER = 'record_id';
/** Only on control records (see control-record.ts): what the record announces. */
export const CONTROL_HEADER = 'control';
