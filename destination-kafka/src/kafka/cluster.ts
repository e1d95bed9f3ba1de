import { Kafka, logLevel, type Admin, type KafkaConfig } from 'kafkajs';
import Cluster from 'kafkajs/src/cluster';
import socketFactory from 'kafkajs/src/network/socketFactory';
import type { Logger } from 'kafkajs-internals';
import type { KafkaSettings } from '../config/config';
import { saslOptions } from './sasl';

/** kafkajs logs each retry as an error; what is final arrives as an exception, which we report once. */
const silent: Logger = {
  namespace: () => silent,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const RETRY = { retries: 8, initialRetryTime: 100, maxRetryTime: 5_000 };
const CONNECTION_TIMEOUT_MS = 10_000;

function clientOptions(settings: KafkaSettings): KafkaConfig {
  const { tls } = settings;
  const sasl = saslOptions(settings.sasl);
  return {
    brokers: [...settings.bootstrapServers],
    clientId: settings.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: settings.requestTimeoutMs,
    retry: RETRY,
    logLevel: logLevel.NOTHING,
    ...(sasl === undefined ? {} : { sasl }),
    ...(tls === undefined
      ? {}
      : {
          ssl: {
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
            ...(tls.keyPassphrase === undefined ? {} : { passphrase: tls.keyPassphrase }),
            rejectUnauthorized: tls.verify,
          },
        }),
  };
}

export function createAdmin(settings: KafkaSettings): Admin {
  return new Kafka(clientOptions(settings)).admin();
}

/** Connections to the brokers for the producer; the caller connects and disconnects. */
export function createCluster(settings: KafkaSettings): Cluster {
  const { brokers, ssl, sasl } = clientOptions(settings);
  return new Cluster({
    logger: silent,
    socketFactory: socketFactory(),
    brokers: brokers as readonly string[],
    ssl,
    sasl,
    clientId: settings.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: CONNECTION_TIMEOUT_MS,
    reauthenticationThreshold: 10_000,
    requestTimeout: settings.requestTimeoutMs,
    enforceRequestTimeout: true,
    metadataMaxAge: 300_000,
    retry: RETRY,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
  });
}
