import path from 'node:path';
import { ConfigReader, Failure, isObject, type Json } from '@ewallet/failure';
import { authorization, type RegistryCredentials } from '@ewallet/avro';

export interface RealtimeConfig {
  /** Flink's name of the job, which ewallet-realtime gives it by its topic prefix. */
  readonly job: string;
  readonly at: FlinkAddress;
  /** What a proxy in front of Flink asks for; empty where nothing does. */
  readonly headers: Readonly<Record<string, string>>;
  /** The newest checkpoint may be so old: results are committed with checkpoints only. */
  readonly checkpointAgeSeconds: number;
  readonly lagRecords: number;
}

/** Where Flink's REST API is: said, or in what `ewallet-realtime up` wrote down in its directory when it chose a free port. */
export type FlinkAddress =
  { readonly kind: 'url'; readonly url: string } | { readonly kind: 'directory'; readonly directory: string };

/** As `ewallet-realtime status` has them: ten intervals, and a minute at least. */
const LATE_INTERVALS = 10;
const LATE_AT_LEAST_SECONDS = 60;
const INTERVAL_SECONDS = 2;
const LAG_RECORDS = 10_000;

/**
 * @param keys those of the configuration, over those of the file of ewallet-realtime that it names
 * @param base directory in which that file's relative paths start
 */
export function parseRealtime(keys: Json | undefined, base: string): RealtimeConfig | undefined {
  if (keys === undefined) return undefined;
  // What is said here goes before what the file says of its cluster.
  const reader = new ConfigReader({ ...(isObject(keys.cluster) ? keys.cluster : {}), ...keys }, 'realtime');
  const interval = reader.atLeastZero('checkpoint_interval_seconds', INTERVAL_SECONDS);
  return {
    job: reader.optionalText('job') ?? `ewallet-realtime ${reader.text('topic_prefix', 'realtime')}`,
    at: addressOf(reader, base),
    headers: authorization(credentialsOf(reader)),
    checkpointAgeSeconds: reader.atLeastZero(
      'checkpoint_age_seconds',
      Math.max(LATE_AT_LEAST_SECONDS, interval * LATE_INTERVALS),
    ),
    lagRecords: reader.atLeastZero('lag_records', LAG_RECORDS),
  };
}

function addressOf(reader: ConfigReader, base: string): FlinkAddress {
  const url = reader.optionalText('rest_url');
  if (url !== undefined) return { kind: 'url', url: httpUrl(url) };
  if (reader.value('config_file') === undefined) {
    throw Failure.config(
      '`realtime` needs `config_file`, the configuration of ewallet-realtime, or `rest_url`, where Flink answers.',
    );
  }
  const directory = reader.text('directory', 'realtime-cluster');
  return { kind: 'directory', directory: path.resolve(base, directory) };
}

function httpUrl(text: string): string {
  if (!/^https?:\/\/[^/]/.test(text)) {
    throw Failure.config('`realtime.rest_url` must start with http:// or https://.');
  }
  return text.replace(/\/+$/, '');
}

function credentialsOf(reader: ConfigReader): RegistryCredentials {
  const token = reader.optionalText('bearer_token');
  if (token !== undefined) return { kind: 'bearer', token };
  const username = reader.optionalText('username');
  if (username === undefined) return { kind: 'none' };
  return { kind: 'basic', username, password: reader.optionalText('password') ?? '' };
}
