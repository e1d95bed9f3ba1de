import path from 'node:path';
import { ConfigReader, Failure, parseShare } from '@ewallet/failure';
import { parseConnector, type ConnectorConfig } from './connector-config';
import { parseDeletionSchedule, type DeletionSchedule } from './deletion-schedule';
import type { StreamSelection } from './selection';
import { parseStream } from './stream-config';

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

/**
 * @param file the configuration file: relative paths in it start at its directory
 * @throws Failure naming the key and what it must be
 */
export function parseSyncConfig(value: unknown, file: string): SyncConfig {
  const directory = path.dirname(file);
  const config = new ConfigReader(value, '');
  config.only(...KEYS);
  const name = config.value('name') ?? 'ewallet';
  if (typeof name !== 'string' || !/^[\w.-]+$/.test(name)) {
    throw Failure.config('`name` must be letters, digits, dots, dashes or underscores.');
  }
  if (config.value('streams') !== undefined && config.value('except') !== undefined) {
    throw Failure.config('`streams` and `except` are both given: name what to take, or what to leave out.');
  }
  return {
    file,
    name,
    stateDirectory: path.resolve(directory, config.filledText('state_directory') ?? `${name}-state`),
    source: parseConnector(config.value('source'), 'source', 'source-ewallet', directory),
    destination: parseConnector(config.value('destination'), 'destination', 'destination-kafka', directory),
    streams: config.list('streams')?.map(parseStream),
    except: config.textOrTexts('except') ?? [],
    deletions: parseDeletions(config, directory),
    retries: config.atLeastZero('retries', 3),
    backoff: config.atLeastZero('backoff_seconds', 5) * 1_000,
    rediscover: Math.max(1, config.atLeastZero('rediscover_seconds', 60)) * 1_000,
  };
}

function parseDeletions(config: ConfigReader, directory: string): DeletionConfig {
  const schedule = parseDeletionSchedule(config.value('detect_deletes'));
  if (schedule.kind !== 'off' && config.value('audit') === undefined) {
    throw Failure.config(
      '`detect_deletes` needs `audit`: {"config": {"warehouse": {"config_file": "sink.json"}}} says where the warehouse is.',
    );
  }
  return {
    schedule,
    maxShare: parseShare(config.value('max_delete_share') ?? 0.01, 'max_delete_share'),
    audit: parseConnector(config.value('audit') ?? { config: {} }, 'audit', 'ewallet-audit', directory),
  };
}
