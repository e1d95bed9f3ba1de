import { logLevel, type Admin, type SASLOptions } from 'kafkajs';
import { type Cluster, type ClusterPatience, type KafkaConnection, openCluster, openKafka } from '@ewallet/kafka';
import type { KafkaSettings } from '../config/config';
import { saslOptions } from './sasl';

const PATIENCE: ClusterPatience = {
  connectionTimeoutMs: 10_000,
  metadataMaxAgeMs: 300_000,
  retry: { retries: 8, initialRetryTime: 100, maxRetryTime: 5_000 },
};

function connection(settings: KafkaSettings): KafkaConnection & { readonly sasl: SASLOptions | undefined } {
  const { tls } = settings;
  return {
    brokers: settings.bootstrapServers,
    clientId: settings.clientId,
    requestTimeoutMs: settings.requestTimeoutMs,
    sasl: saslOptions(settings.sasl),
    ssl: tls !== undefined && {
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(tls.keyPassphrase === undefined ? {} : { passphrase: tls.keyPassphrase }),
      rejectUnauthorized: tls.verify,
    },
  };
}

export function createAdmin(settings: KafkaSettings): Admin {
  const { brokers, clientId, requestTimeoutMs, sasl, ssl } = connection(settings);
  return openKafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: PATIENCE.connectionTimeoutMs,
    authenticationTimeout: PATIENCE.connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: PATIENCE.retry,
    logLevel: logLevel.NOTHING,
    ...(sasl === undefined ? {} : { sasl }),
    ...(ssl === false ? {} : { ssl }),
  }).admin();
}

/** Connections to the brokers for the producer; the caller connects and disconnects. What fails arrives as an exception. */
export function createCluster(settings: KafkaSettings): Cluster {
  return openCluster(connection(settings), PATIENCE, () => undefined);
}
