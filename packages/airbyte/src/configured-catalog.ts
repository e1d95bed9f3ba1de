import { Failure } from '@ewallet/failure';
import type {
  AskedKeys,
  ConfiguredCatalog,
  ConfiguredDestinationSyncMode,
  ConfiguredStream,
  JsonObject,
} from './protocol';

const destinationSyncModes: readonly ConfiguredDestinationSyncMode[] = [
  'append',
  'overwrite',
  'append_dedup',
  'update',
  'soft_delete',
];

/** A configured catalogue of any client: PyAirbyte writes every key, null where it has nothing to say. */
export function parseConfiguredCatalog(value: unknown): ConfiguredCatalog {
  if (isDiscovered(value)) throw Failure.config(DISCOVERED);
  const streams = isObject(value) ? value.streams : undefined;
  if (!Array.isArray(streams)) throw Failure.config('The catalogue has no list `streams`.');
  return { streams: streams.map((stream, index) => parseStream(stream, `streams[${index}]`)) };
}

const DISCOVERED =
  'The catalogue is what `discover` prints, which names the streams that there are. `read` and `write` want a configured catalogue, which says how each is synced: `source-ewallet discover --config … --configured > catalog.json` writes one.';

/** A CATALOG message, or what is in it: streams that nobody configured. */
function isDiscovered(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (value.type === 'CATALOG' || isObject(value.catalog)) return true;
  const [first] = Array.isArray(value.streams) ? (value.streams as readonly unknown[]) : [];
  return isObject(first) && first.stream === undefined && typeof first.name === 'string';
}

function parseStream(value: unknown, at: string): ConfiguredStream {
  if (!isObject(value) || !isObject(value.stream)) throw Failure.config(`The catalogue’s ${at} has no \`stream\`.`);
  const { stream } = value;
  const name = stream.name;
  if (typeof name !== 'string' || name === '') throw Failure.config(`The catalogue’s ${at} has no \`stream.name\`.`);
  const namespace = stream.namespace ?? undefined;
  if (namespace !== undefined && typeof namespace !== 'string') {
    throw Failure.config(`The catalogue’s ${at}.stream.namespace is not text.`);
  }
  const jsonSchema = stream.json_schema ?? {};
  if (!isObject(jsonSchema)) throw Failure.config(`The catalogue’s ${at}.stream.json_schema is not an object.`);
  const syncMode = value.sync_mode ?? 'full_refresh';
  if (syncMode !== 'full_refresh' && syncMode !== 'incremental') {
    throw Failure.config(`The catalogue’s ${at}.sync_mode must be full_refresh or incremental.`);
  }
  const destinationSyncMode = destinationSyncModes.find((mode) => mode === (value.destination_sync_mode ?? 'append'));
  if (destinationSyncMode === undefined) {
    throw Failure.config(
      `The catalogue’s ${at}.destination_sync_mode must be one of ${destinationSyncModes.join(', ')}.`,
    );
  }
  return {
    descriptor: namespace === undefined ? { name } : { name, namespace },
    jsonSchema,
    syncMode,
    destinationSyncMode,
    cursorField: textList(value.cursor_field, `${at}.cursor_field`),
    primaryKey: list(value.primary_key, `${at}.primary_key`).map((path) => textList(path, `${at}.primary_key`)),
    generationId: wholeNumber(value.generation_id, `${at}.generation_id`),
    minimumGenerationId: wholeNumber(value.minimum_generation_id, `${at}.minimum_generation_id`),
    syncId: wholeNumber(value.sync_id, `${at}.sync_id`),
    resumesFromState: typeof value.resumes_from_state === 'boolean' ? value.resumes_from_state : undefined,
    isResumable: stream.is_resumable === true,
    askedKeys: parseAskedKeys(value.asked_keys, `${at}.asked_keys`),
  };
}

function parseAskedKeys(value: unknown, at: string): AskedKeys | undefined {
  if (value === undefined || value === null) return undefined;
  const mode = isObject(value) && (value.mode === 'only' || value.mode === 'deleted') ? value.mode : undefined;
  if (!isObject(value) || mode === undefined) {
    throw Failure.config(`The catalogue’s ${at} must be an object with \`mode\` only or deleted.`);
  }
  const columns = textList(value.columns, `${at}.columns`);
  const values = list(value.values, `${at}.values`).map((key) => textList(key, `${at}.values`));
  if (columns.length === 0 || values.some((key) => key.length !== columns.length)) {
    throw Failure.config(`The catalogue’s ${at}.values must have a text for each of \`columns\` in each of its lists.`);
  }
  return { mode, columns, values };
}

function list(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw Failure.config(`The catalogue’s ${at} is not a list.`);
  return value;
}

function textList(value: unknown, at: string): readonly string[] {
  return list(value, at).map((item) => {
    if (typeof item !== 'string') throw Failure.config(`The catalogue’s ${at} is not a list of names.`);
    return item;
  });
}

function wholeNumber(value: unknown, at: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw Failure.config(`The catalogue’s ${at} is not a whole number.`);
  }
  return value;
}

function isObject(value: unknown): value is JsonObject & Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
