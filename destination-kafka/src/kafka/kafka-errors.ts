import { Failure } from '@ewallet/failure';
import type { Access } from './access';

interface KafkaError {
  readonly name: string;
  readonly message: string;
  readonly type: string | undefined;
  readonly code: string | undefined;
}

/** What kafkajs threw, by the fields that tell its errors apart. */
export function kafkaError(error: unknown): KafkaError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), type: undefined, code: undefined };
  const { type, code } = error as { type?: unknown; code?: unknown };
  return {
    name: error.name,
    message: error.message,
    type: typeof type === 'string' ? type : undefined,
    code: typeof code === 'string' ? code : undefined,
  };
}

/** Another producer holds our transactional id, or the broker ended our transaction because it took too long. */
const FENCED = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_TXN_STATE',
  'INVALID_PRODUCER_ID_MAPPING',
]);

export function isFenced(error: unknown): boolean {
  return FENCED.has(kafkaError(error).type ?? '');
}

const AUTHORISATION = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
]);

function isUnauthorised(error: unknown): boolean {
  return AUTHORISATION.has(kafkaError(error).type ?? '');
}

/** Kafka's protocol errors after which the same request may succeed, with newer metadata or a little later. */
const RETRIABLE = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'CONCURRENT_TRANSACTIONS',
]);

const CONNECTION_ERRORS = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSNumberOfRetriesExceeded',
]);

export function isConnectionLost(error: unknown): boolean {
  return CONNECTION_ERRORS.has(kafkaError(error).name);
}

export function isRetriable(error: unknown): boolean {
  return isConnectionLost(error) || RETRIABLE.has(kafkaError(error).type ?? '');
}

function grant(type: string | undefined, { transactionalIdPrefix, topics = [] }: Access): string {
  switch (type) {
    case 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED':
      return `WRITE and DESCRIBE on transactional ids with the prefix "${transactionalIdPrefix}"`;
    case 'TOPIC_AUTHORIZATION_FAILED':
      return `WRITE and DESCRIBE on ${topics.length === 0 ? 'the topics' : describeTopics(topics)}`;
    default:
      return 'DESCRIBE on the cluster';
  }
}

/** `topic a`, `topics a, b` */
export function describeTopics(topics: readonly string[]): string {
  return `topic${topics.length === 1 ? '' : 's'} ${topics.join(', ')}`;
}

/**
 * A failure that says what to do. Kafka's own words go into the detail.
 *
 * @param what completes "Kafka could not …"
 */
export function failureFromKafka(error: unknown, what: string, access: Access): Failure {
  if (error instanceof Failure) return error;
  const { name, message, type, code } = kafkaError(error);
  const detail = [type, code, message].filter(Boolean).join(': ');
  const more = { detail, cause: error };
  if (isUnauthorised(error)) {
    return Failure.config(
      `Kafka could not ${what}: ${access.principal} may not (${type ?? ''}). Grant it ${grant(type, access)}.`,
      more,
    );
  }
  if (name.startsWith('KafkaJSSASL')) {
    return Failure.config(
      `Kafka could not ${what}: it refused the SASL login. Check the mechanism, the user name and the password.`,
      more,
    );
  }
  if (isConnectionLost(error) || code !== undefined) {
    return Failure.transient(
      `Kafka could not ${what}: ${message}. Check that the brokers in "bootstrap_servers" are up, can be reached at their advertised addresses, and speak the chosen security protocol.`,
      more,
    );
  }
  if (isRetriable(error)) {
    return Failure.transient(
      `Kafka could not ${what}, though retried: ${message}. Look at the cluster's health.`,
      more,
    );
  }
  return Failure.system(`Kafka could not ${what}: ${message}`, more);
}
