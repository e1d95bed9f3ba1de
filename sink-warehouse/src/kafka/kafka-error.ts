/** Kafka's name of the error (`UNKNOWN_MEMBER_ID`), or kafkajs's class name where the fault is not the broker's answer. */
export function kafkaErrorName(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { type, name } = error as { type?: unknown; name?: unknown };
  if (typeof type === 'string') return type;
  return typeof name === 'string' ? name : 'Error';
}

/** The group moved on: join again at once, nothing is wrong. */
export function asksToRejoin(error: unknown): boolean {
  return ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'].includes(
    kafkaErrorName(error),
  );
}

/** Faults that no retry cures: credentials, rights, a protocol that the broker does not speak. */
export function isHopeless(error: unknown): boolean {
  return [
    'TOPIC_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'SASL_AUTHENTICATION_FAILED',
    'KafkaJSSASLAuthenticationError',
    'INCONSISTENT_GROUP_PROTOCOL',
    'UNSUPPORTED_VERSION',
    'INVALID_SESSION_TIMEOUT',
  ].includes(kafkaErrorName(error));
}
