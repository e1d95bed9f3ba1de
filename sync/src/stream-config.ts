import { ConfigReader, Failure, isObject } from '@ewallet/failure';
import type { DestinationSyncMode, StreamSelection, SyncMode } from './selection';

const STREAM_KEYS = ['name', 'sync_mode', 'destination_sync_mode', 'cursor_field', 'primary_key'];
const SYNC_MODES: readonly SyncMode[] = ['full_refresh', 'incremental'];
const DESTINATION_SYNC_MODES: readonly DestinationSyncMode[] = ['append', 'append_dedup', 'overwrite'];

/** A stream's name, or an object with what is to be synced of it. */
export function parseStream(value: unknown): StreamSelection {
  if (typeof value === 'string') return { name: value };
  if (!isObject(value)) throw Failure.config('A stream must be a JSON object.');
  const stream = new ConfigReader(value, 'streams');
  stream.only(...STREAM_KEYS);
  const name = stream.optionalText('name');
  if (name === undefined) throw Failure.config('A stream in `streams` has no `name`.');
  const syncMode = stream.optionalOneOf('sync_mode', SYNC_MODES);
  const destinationSyncMode = stream.optionalOneOf('destination_sync_mode', DESTINATION_SYNC_MODES);
  const cursorField = stream.textOrTexts('cursor_field');
  const primaryKey = stream.paths('primary_key');
  return {
    name,
    ...(syncMode === undefined ? {} : { syncMode }),
    ...(destinationSyncMode === undefined ? {} : { destinationSyncMode }),
    ...(cursorField === undefined ? {} : { cursorField }),
    ...(primaryKey === undefined ? {} : { primaryKey }),
  };
}
