import type { RegistryCredentials, RegistryTls } from '@ewallet/avro';
import type { ConfigReader } from '@ewallet/failure';
import path from 'node:path';
import { parseCredentials, parseHttpUrl } from './cluster';

/** What Java opens a file of certificates with; there is nothing secret in it. */
const TRUSTSTORE_PASSWORD = 'changeit';

export interface RegistryConfig {
  readonly url: string;
  readonly credentials: RegistryCredentials;
  readonly tls: RegistryTls;
  /** The certificate authority for Flink, which takes no PEM here; undefined: what Java trusts. */
  readonly truststore: Truststore | undefined;
}

export interface Truststore {
  /** On the machines that Flink runs on. */
  readonly file: string;
  readonly password: string;
  /** PEM to make it from; undefined where it is there already. */
  readonly from: string | undefined;
}

/** @param directory where a truststore is made, of a job that runs on this machine */
export function parseRegistry(reader: ConfigReader, directory: string): RegistryConfig {
  const url = parseHttpUrl(reader.text('url'), 'schema_registry.url');
  const credentials = parseCredentials(reader);
  const ca = reader.optionalText('ca_certificate');
  const file = reader.optionalText('truststore');
  const password = reader.text('truststore_password', TRUSTSTORE_PASSWORD);
  reader.finish();
  const made =
    ca === undefined ? undefined : { file: path.join(directory, 'registry-truststore.p12'), password, from: ca };
  return {
    url,
    credentials,
    tls: { ca },
    truststore: file === undefined ? made : { file, password, from: undefined },
  };
}
