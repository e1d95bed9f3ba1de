import path from 'node:path';
import { Failure, parseShare, type Json } from '@ewallet/failure';
import { parseDeletionSchedule, type DeletionSchedule } from './deletion-schedule';
import type { DestinationSyncMode, StreamSelection, SyncMode } from './selection';

/** How a connector is started: a program on this machine, or an image. */
export type Launcher =
  | { readonly kind: 'command'; readonly command: readonly [string, ...string[]] }
  | {
      readonly kind: 'image';
      readonly image: string;
      readonly runtime: readonly [string, ...string[]];
      /** Of the runtime's `run`: the network, say. */
      readonly options: readonly string[];
    };

export interface ConnectorConfig {
  readonly launcher: Launcher;
  /** Given to the connector as its --config: the object itself, or the path of a file. */
  readonly config:
    { readonly kind: 'inline'; readonly value: unknown } | { readonly kind: 'file'; readonly path: string };
}

export interface SyncConfig {
  /** The file it was read from; absolute. */
  readonly file: string;
  readonly name: string;
  /** Where state and lock are kept; absolute. */
  readonly stateDirectory: string;
  readonly source: ConnectorConfig;
  readonly destination: ConnectorConfig;
  /** Undefined for every stream that the source offers. */
  readonly streams: readonly StreamSelection[] | undefined;
  /** Streams that are left out, whether the source offers them or not. */
  readonly except: readonly string[];
  readonly deletions: DeletionConfig;
  /** Attempts after the first one. */
  readonly retries: number;
  /** Wait before the first retry, in milliseconds; doubles each time, five minutes at most. */
  readonly backoff: number;
  /** Milliseconds between two discoveries of tables while changes are followed. */
  readonly rediscover: number;
}

/** How deleted rows are found where the source's log does not tell of them. */
export interface DeletionConfig {
  readonly schedule: DeletionSchedule;
  /** The most of a table that may go in one sync, from 0 to 1. */
  readonly maxShare: number;
  /** ewallet-audit, which compares the keys. */
  readonly audit: ConnectorConfig;
}

const KEYS = [
  'name',
  'state_directory',
  'source',
  'destination',
  'streams',
  'except',
  'retries',
  'backoff_seconds',
  'detect_deletes',
  'max_delete_share',
  'audit',
  'rediscover_seconds',
];
const CONNECTOR_KEYS = ['command', 'image', 'container_runtime', 'container_options', 'config', 'config_file'];
const STREAM_KEYS = ['name', 'sync_mode', 'destination_sync_mode', 'cursor_field', 'primary_key'];

/**
 * @param file the configuration file: relative paths in it start at its directory
 * @throws Failure naming the key and what it must be
 */
export function parseSyncConfig(value: unknown, file: string): SyncConfig {
  const directory = path.dirname(file);
  const config = asObject(value, 'The configuration', KEYS);
  const name = config.name ?? 'ewallet';
  if (typeof name !== 'string' || !/^[\w.-]+$/.test(name)) {
    throw Failure.config('`name` must be letters, digits, dots, dashes or underscores.');
  }
  if (config.streams !== undefined && config.except !== undefined) {
    throw Failure.config('`streams` and `except` are both given: name what to take, or what to leave out.');
  }
  return {
    file,
    name,
    stateDirectory: path.resolve(directory, optionalText(config, 'state_directory') ?? `${name}-state`),
    source: parseConnector(config.source, 'source', 'source-ewallet', directory),
    destination: parseConnector(config.destination, 'destination', 'destination-kafka', directory),
    streams: config.streams === undefined ? undefined : asList(config.streams, 'streams').map(parseStream),
    except: config.except === undefined ? [] : asTexts(config.except, 'except'),
    deletions: parseDeletions(config, directory),
    retries: asNumber(config.retries ?? 3, 'retries'),
    backoff: asNumber(config.backoff_seconds ?? 5, 'backoff_seconds') * 1_000,
    rediscover: Math.max(1, asNumber(config.rediscover_seconds ?? 60, 'rediscover_seconds')) * 1_000,
  };
}

function parseDeletions(config: Json, directory: string): DeletionConfig {
  const schedule = parseDeletionSchedule(config.detect_deletes);
  if (schedule.kind !== 'off' && config.audit === undefined) {
    throw Failure.config(
      '`detect_deletes` needs `audit`: {"config": {"warehouse": {"config_file": "sink.json"}}} says where the warehouse is.',
    );
  }
  return {
    schedule,
    maxShare: parseShare(config.max_delete_share ?? 0.01, 'max_delete_share'),
    audit: parseConnector(config.audit ?? { config: {} }, 'audit', 'ewallet-audit', directory),
  };
}

function parseConnector(value: unknown, key: string, command: string, directory: string): ConnectorConfig {
  const connector = asObject(value, `\`${key}\``, CONNECTOR_KEYS);
  const file = optionalText(connector, 'config_file');
  if ((file === undefined) === (connector.config === undefined)) {
    throw Failure.config(`\`${key}\` needs either \`config\` or \`config_file\`.`);
  }
  const image = optionalText(connector, 'image');
  if (image !== undefined && connector.command !== undefined) {
    throw Failure.config(`\`${key}\` has both \`command\` and \`image\`: choose one.`);
  }
  return {
    launcher:
      image === undefined
        ? { kind: 'command', command: asCommand(connector.command ?? command, `${key}.command`) }
        : {
            kind: 'image',
            image,
            runtime: asCommand(connector.container_runtime ?? 'docker', `${key}.container_runtime`),
            options:
              connector.container_options === undefined
                ? []
                : asTexts(connector.container_options, `${key}.container_options`),
          },
    config:
      file === undefined
        ? { kind: 'inline', value: connector.config }
        : { kind: 'file', path: path.resolve(directory, file) },
  };
}

function parseStream(value: unknown): StreamSelection {
  if (typeof value === 'string') return { name: value };
  const stream = asObject(value, 'A stream', STREAM_KEYS);
  const name = optionalText(stream, 'name');
  if (name === undefined) throw Failure.config('A stream in `streams` has no `name`.');
  return {
    name,
    ...(stream.sync_mode === undefined
      ? {}
      : { syncMode: oneOf<SyncMode>(stream.sync_mode, 'sync_mode', ['full_refresh', 'incremental']) }),
    ...(stream.destination_sync_mode === undefined
      ? {}
      : {
          destinationSyncMode: oneOf<DestinationSyncMode>(stream.destination_sync_mode, 'destination_sync_mode', [
            'append',
            'append_dedup',
            'overwrite',
          ]),
        }),
    ...(stream.cursor_field === undefined ? {} : { cursorField: asTexts(stream.cursor_field, 'cursor_field') }),
    ...(stream.primary_key === undefined
      ? {}
      : { primaryKey: asList(stream.primary_key, 'primary_key').map((part) => asTexts(part, 'primary_key')) }),
  };
}

function asObject(value: unknown, what: string, keys: readonly string[]): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw Failure.config(`${what} must be a JSON object.`);
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    throw Failure.config(`${what} has an unknown key \`${unknown}\`. Known are ${keys.join(', ')}.`);
  }
  return value as Json;
}

function optionalText(object: Json, key: string): string | undefined {
  const value = object[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw Failure.config(`\`${key}\` must be text.`);
  return value;
}

function asList(value: unknown, key: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0)
    throw Failure.config(`\`${key}\` must be a list with something in it.`);
  return value;
}

/** One text, or a list of them. */
function asTexts(value: unknown, key: string): readonly [string, ...string[]] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.filter((part): part is string => typeof part === 'string' && part !== '');
  const [first, ...rest] = texts;
  if (first === undefined || texts.length !== list.length) {
    throw Failure.config(`\`${key}\` must be text, or a list of texts.`);
  }
  return [first, ...rest];
}

function asCommand(value: unknown, key: string): readonly [string, ...string[]] {
  return asTexts(value, key);
}

function asNumber(value: unknown, key: string): number {
  if (typeof value !== 'number' || !(value >= 0)) throw Failure.config(`\`${key}\` must be a number from 0 up.`);
  return value;
}

function oneOf<T extends string>(value: unknown, key: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw Failure.config(`\`${key}\` must be one of ${choices.join(', ')}.`);
  return choice;
}
