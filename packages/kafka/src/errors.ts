/** What kafkajs threw, by the fields that tell its errors apart. */
export interface KafkaError {
  /** kafkajs' class. */
  readonly name: string;
  readonly message: string;
  /** Kafka's own name of the error, where the broker answered with one. */
  readonly type: string | undefined;
  /** Node's code, where the connection failed. */
  readonly code: string | undefined;
}

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

/** Kafka's name of the error (`UNKNOWN_MEMBER_ID`), or kafkajs' class where the fault is not the broker's answer. */
export function kafkaErrorName(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { type, name } = error as { type?: unknown; name?: unknown };
  if (typeof type === 'string') return type;
  return typeof name === 'string' ? name : 'Error';
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

export function isUnauthorised(error: unknown): boolean {
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

const REJOIN = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID']);

/** The group moved on: join again at once, nothing is wrong. */
export function asksToRejoin(error: unknown): boolean {
  return REJOIN.has(kafkaErrorName(error));
}

const HOPELESS = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'KafkaJSSASLAuthenticationError',
  'INCONSISTENT_GROUP_PROTOCOL',
  'UNSUPPORTED_VERSION',
  'INVALID_SESSION_TIMEOUT',
]);

/** Faults that no retry cures for a consumer: credentials, rights, a protocol that the broker does not speak. */
export function isHopeless(error: unknown): boolean {
  return HOPELESS.has(kafkaErrorName(error));
}
