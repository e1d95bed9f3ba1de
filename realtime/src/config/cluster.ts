import type { RegistryCredentials } from '@ewallet/avro';
import { Failure, type ConfigReader } from '@ewallet/failure';

/** A Flink cluster that somebody else runs, for `submit`, `status` and `stop`. */
export interface ClusterConfig {
  /** Of the JobManager, without a slash at its end. */
  readonly restUrl: string;
  /** What a proxy in front of it asks for; Flink itself knows no logins. */
  readonly credentials: RegistryCredentials;
  /** URIs that every machine of the cluster reaches, such as s3://…; undefined: the cluster's own setting. */
  readonly checkpointDirectory: string | undefined;
  readonly savepointDirectory: string | undefined;
}

export function parseCluster(reader: ConfigReader | undefined): ClusterConfig | undefined {
  if (reader === undefined) return undefined;
  const cluster = {
    restUrl: parseHttpUrl(reader.text('rest_url'), 'cluster.rest_url'),
    credentials: parseCredentials(reader),
    checkpointDirectory: parseUri(reader, 'checkpoint_directory'),
    savepointDirectory: parseUri(reader, 'savepoint_directory'),
  };
  reader.finish();
  return cluster;
}

function parseUri(reader: ConfigReader, key: string): string | undefined {
  const text = reader.optionalText(key);
  if (text === undefined || /^[a-z][a-z0-9+.-]*:\/\/?[^/]|^file:\/\/\//.test(text)) return text;
  throw Failure.config(`\`cluster.${key}\` must be a URI that the whole cluster reaches, such as s3://bucket/folder.`);
}

/** `username` and `password`, or `bearer_token`. */
export function parseCredentials(reader: ConfigReader): RegistryCredentials {
  const username = reader.optionalText('username');
  const password = reader.optionalText('password');
  const token = reader.optionalText('bearer_token');
  if (token !== undefined) return { kind: 'bearer', token };
  return username === undefined ? { kind: 'none' } : { kind: 'basic', username, password: password ?? '' };
}

export function parseHttpUrl(text: string, key: string): string {
  if (!/^https?:\/\/[^/]/.test(text)) throw Failure.config(`\`${key}\` must start with http:// or https://.`);
  return text.replace(/\/+$/, '');
}
