import { Failure } from '@ewallet/failure';
import { streamName } from './message';

export type SyncMode = 'full_refresh' | 'incremental';
export type DestinationSyncMode = 'append' | 'append_dedup' | 'overwrite';

/** How a stream is to be synced; what is absent is chosen from what the source offers. */
export interface StreamSelection {
  /** `public.users`, or `users` where that is unique. */
  readonly name: string;
  readonly syncMode?: SyncMode;
  readonly destinationSyncMode?: DestinationSyncMode;
  readonly cursorField?: readonly string[];
  readonly primaryKey?: readonly (readonly string[])[];
}

export interface ConfiguredStream {
  readonly stream: Readonly<Record<string, unknown>>;
  readonly sync_mode: SyncMode;
  readonly destination_sync_mode: DestinationSyncMode;
  readonly cursor_field?: readonly string[];
  readonly primary_key?: readonly (readonly string[])[];
  readonly generation_id: number;
  readonly minimum_generation_id: number;
  readonly sync_id: number;
}

interface DiscoveredStream {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly fullName: string;
  readonly syncModes: readonly string[];
  readonly cursor: readonly string[];
  readonly primaryKey: readonly (readonly string[])[];
}

/**
 * The catalogue a sync runs with: the selected streams (all without a selection), incremental and deduplicated where the
 * source can, otherwise as much of that as it can.
 *
 * @param catalog what `discover` said
 * @param syncId number of the sync; full refreshes that overwrite begin a generation with it
 * @throws Failure naming a stream or mode that the source does not offer
 */
export function configureCatalog(
  catalog: unknown,
  selections: readonly StreamSelection[] | undefined,
  syncId: number,
): { readonly streams: readonly ConfiguredStream[] } {
  const discovered = parseCatalog(catalog);
  const chosen =
    selections === undefined
      ? discovered.map((stream) => ({ stream, selection: { name: stream.fullName } }))
      : selections.map((selection) => ({ stream: find(discovered, selection.name), selection }));
  if (chosen.length === 0) {
    throw Failure.config(
      'The source offers no stream. Check its schemas and that its role may select from the tables.',
    );
  }
  return { streams: chosen.map(({ stream, selection }) => configure(stream, selection, syncId)) };
}

function configure(stream: DiscoveredStream, selection: StreamSelection, syncId: number): ConfiguredStream {
  const syncMode = selection.syncMode ?? (stream.syncModes.includes('incremental') ? 'incremental' : 'full_refresh');
  if (!stream.syncModes.includes(syncMode)) {
    throw Failure.config(
      `Stream ${stream.fullName} cannot be synced as ${syncMode}; the source offers ${stream.syncModes.join(', ')}.`,
    );
  }
  const primaryKey = selection.primaryKey ?? stream.primaryKey;
  const destinationSyncMode =
    selection.destinationSyncMode ??
    (syncMode === 'full_refresh' ? 'overwrite' : primaryKey.length > 0 ? 'append_dedup' : 'append');
  if (destinationSyncMode === 'append_dedup' && primaryKey.length === 0) {
    throw Failure.config(`Stream ${stream.fullName} has no primary key to deduplicate by: give one, or use append.`);
  }
  const cursor = selection.cursorField ?? stream.cursor;
  const generation = destinationSyncMode === 'overwrite' ? syncId : 0;
  return {
    stream: stream.raw,
    sync_mode: syncMode,
    destination_sync_mode: destinationSyncMode,
    ...(cursor.length > 0 ? { cursor_field: cursor } : {}),
    ...(primaryKey.length > 0 ? { primary_key: primaryKey } : {}),
    generation_id: generation,
    minimum_generation_id: generation,
    sync_id: syncId,
  };
}

function find(streams: readonly DiscoveredStream[], name: string): DiscoveredStream {
  const exact = streams.find(({ fullName }) => fullName === name);
  if (exact !== undefined) return exact;
  const [only, another] = streams.filter((stream) => stream.name === name);
  if (only === undefined) {
    throw Failure.config(
      `The source has no stream ${name}. It offers ${streams.map(({ fullName }) => fullName).join(', ')}.`,
    );
  }
  if (another !== undefined) {
    throw Failure.config(`Stream ${name} is in two namespaces: write ${only.fullName} or ${another.fullName}.`);
  }
  return only;
}

function parseCatalog(catalog: unknown): DiscoveredStream[] {
  const streams = isObject(catalog) && Array.isArray(catalog.streams) ? catalog.streams : undefined;
  if (streams === undefined) throw Failure.system('The source answered discover without a list of streams.');
  return streams.filter(isObject).map((raw) => ({
    raw,
    name: String(raw.name),
    fullName: streamName(raw),
    syncModes: texts(raw.supported_sync_modes),
    cursor: texts(raw.default_cursor_field),
    primaryKey: Array.isArray(raw.source_defined_primary_key) ? raw.source_defined_primary_key.map(texts) : [],
  }));
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
