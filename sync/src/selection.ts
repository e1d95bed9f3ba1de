import { Failure, isObject } from '@ewallet/failure';
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

/** Which streams to take: those that are named, or all but some. */
export interface Selection {
  readonly streams: readonly StreamSelection[] | undefined;
  readonly except: readonly string[];
}

/** What the source offers, unparsed, and what it warned of meanwhile: tables that it had to leave out, say. */
export interface Discovered {
  readonly catalog: unknown;
  readonly warnings: readonly string[];
}

export interface SelectedCatalog {
  readonly streams: readonly ConfiguredStream[];
  /** Full names of streams that were synced before, are still wanted, and that the source no longer offers. */
  readonly vanished: readonly string[];
  /** What the source itself says of them: the GRANT that is missing, say. */
  readonly reasons: readonly string[];
}

/**
 * The catalogue a sync runs with: the selected streams (all without a selection), incremental and deduplicated where the
 * source can, otherwise as much of that as it can.
 *
 * @param discovered what `discover` said
 * @param known full names of the streams that were synced before
 * @param syncId number of the sync; full refreshes that overwrite begin a generation with it
 * @throws Failure naming a stream or mode that the source does not offer and never did; or where nothing is left to sync
 */
export function configureCatalog(
  { catalog, warnings }: Discovered,
  selection: Selection,
  known: readonly string[],
  syncId: number,
): SelectedCatalog {
  const { chosen, vanished } = select(parseCatalog(catalog), selection, known);
  const reasons = warnings.filter((warning) => vanished.some((fullName) => isAbout(warning, fullName)));
  if (chosen.length === 0) {
    if (vanished.length > 0) throw vanishedFailure({ vanished, reasons }, selection, 'no stream is left to sync');
    throw Failure.config(
      'The source offers no stream. Check its schemas and that its role may select from the tables.',
    );
  }
  return { streams: chosen.map(({ stream, selected }) => configure(stream, selected, syncId)), vanished, reasons };
}

interface Chosen {
  readonly stream: DiscoveredStream;
  readonly selected: StreamSelection;
}

function select(
  discovered: readonly DiscoveredStream[],
  { streams, except }: Selection,
  known: readonly string[],
): { readonly chosen: readonly Chosen[]; readonly vanished: readonly string[] } {
  if (streams === undefined) {
    const wanted = (fullName: string): boolean => !except.some((name) => isNamed(fullName, name));
    const offered = new Set(discovered.map(({ fullName }) => fullName));
    return {
      chosen: discovered
        .filter(({ fullName }) => wanted(fullName))
        .map((stream) => ({ stream, selected: { name: stream.fullName } })),
      vanished: known.filter((fullName) => wanted(fullName) && !offered.has(fullName)),
    };
  }
  const chosen: Chosen[] = [];
  const vanished: string[] = [];
  for (const selected of streams) {
    const gone = known.find((fullName) => isNamed(fullName, selected.name));
    if (gone !== undefined && !discovered.some(({ fullName }) => isNamed(fullName, selected.name))) vanished.push(gone);
    else chosen.push({ stream: findStream(discovered, selected.name), selected });
  }
  return { chosen, vanished };
}

/** Whether a stream is meant by a name, which may leave the namespace out. */
export function isNamed(fullName: string, name: string): boolean {
  return fullName === name || fullName.slice(fullName.indexOf('.') + 1) === name;
}

/** Whether a source's text is about a stream, and not about one whose name begins the same. */
function isAbout(text: string, fullName: string): boolean {
  const end = text.indexOf(fullName) + fullName.length;
  return text.includes(fullName) && !/^[\w$.]/u.test(text.slice(end));
}

/** A stream that vanishes is no reason to be silent about it, nor to hold up the others: they are synced first. */
export function vanishedFailure(
  { vanished, reasons }: Pick<SelectedCatalog, 'vanished' | 'reasons'>,
  { streams }: Selection,
  others: 'every other stream was synced' | 'no stream is left to sync',
): Failure {
  const one = vanished.length === 1;
  const [were, its, it] = one ? ['was', 'its', 'it'] : ['were', 'their', 'them'];
  return Failure.config(
    `${one ? 'Stream' : 'Streams'} ${vanished.join(', ')} ${were} synced before and the source no longer offers ${it}: ${its} ${one ? 'table was' : 'tables were'} dropped or renamed, the role lost SELECT on ${it} or USAGE on ${its} schema, or the source's \`schemas\` changed; ${others}. Bring ${it} back, or, where ${it === 'it' ? 'it is' : 'they are'} to stay away, ${
      streams === undefined ? `name ${it} in \`except\`` : `take ${it} out of \`streams\``
    }.${reasons.length === 0 ? '' : ` The source says: ${reasons.join(' ')}`}`,
  );
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

function findStream(streams: readonly DiscoveredStream[], name: string): DiscoveredStream {
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
