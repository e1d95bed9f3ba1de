import { Failure } from '@ewallet/failure';
import type { JsonObject } from './json';
import type { WantedStream } from './setup';

/** A stream as the source discovered it, with the sync modes that source and destination share. */
export interface DiscoveredStream {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly syncModes: readonly string[];
  readonly defaultCursorField: readonly string[];
  readonly sourceDefinedCursor: boolean;
  readonly sourceDefinedPrimaryKey: readonly (readonly string[])[];
}

/** Safest first: history is kept in Kafka, and the sink makes one row per key of it. */
const preferredModes = [
  'incremental_append',
  'incremental_deduped_history',
  'full_refresh_overwrite',
  'full_refresh_append',
];

/** The `configurations.streams` of a connection: what is wanted, completed by what was discovered. */
export function selectStreams(
  wanted: readonly WantedStream[],
  discovered: readonly DiscoveredStream[],
): readonly JsonObject[] {
  if (discovered.length === 0) {
    throw Failure.config('The source discovered no stream: check its `schemas` and the SELECT grants of its user.');
  }
  if (wanted.length === 0) return discovered.map((stream) => configured(undefined, stream));
  return wanted.map((stream) => {
    const match = discovered.find(
      ({ name, namespace }) =>
        name === stream.name && (stream.namespace === undefined || namespace === stream.namespace),
    );
    if (match === undefined) {
      const names = discovered.map(({ name, namespace }) => (namespace === undefined ? name : `${namespace}.${name}`));
      throw Failure.config(`The source has no stream "${stream.name}"; it has ${names.sort().join(', ')}.`);
    }
    return configured(stream, match);
  });
}

function configured(wanted: WantedStream | undefined, found: DiscoveredStream): JsonObject {
  const syncMode =
    wanted?.syncMode ?? preferredModes.find((mode) => found.syncModes.includes(mode)) ?? found.syncModes[0];
  if (syncMode === undefined || !found.syncModes.includes(syncMode)) {
    throw Failure.config(
      `Stream "${found.name}" cannot be synced as "${syncMode ?? 'none'}"; it supports ${found.syncModes.join(', ')}.`,
    );
  }
  const cursorField = wanted?.cursorField ?? found.defaultCursorField;
  const setsCursor = syncMode.startsWith('incremental_') && !found.sourceDefinedCursor && cursorField.length > 0;
  // Airbyte refuses a primary key for a stream whose source defines it.
  const primaryKey = found.sourceDefinedPrimaryKey.length > 0 ? undefined : wanted?.primaryKey;
  return {
    name: found.name,
    ...(found.namespace === undefined ? {} : { namespace: found.namespace }),
    syncMode,
    ...(setsCursor ? { cursorField } : {}),
    ...(primaryKey === undefined ? {} : { primaryKey }),
  };
}
