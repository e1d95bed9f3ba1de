import { Failure } from '@ewallet/failure';
import { describeTopics, isConnectionLost, isRetriable, isUnauthorised, kafkaError } from '@ewallet/kafka';
import type { Access } from './access';

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
  if (type === 'INVALID_RECORD') {
    return Failure.config(
      `Kafka could not ${what}: the broker refused a record as invalid. A compacted topic (cleanup.policy=compact) takes no record without a key: choose a primary key for its stream, or give the topic cleanup.policy=delete.`,
      more,
    );
  }
  if (type === 'INVALID_TIMESTAMP') {
    return Failure.transient(
      `Kafka could not ${what}: the clock of this machine and the brokers' are further apart than the topic allows (message.timestamp.after.max.ms, by default an hour). Set both by NTP; the next sync continues from the last state.`,
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
      `Kafka could not ${what}: ${message}. Check that the brokers in \`bootstrap_servers\` are up, can be reached at their advertised addresses, and speak the chosen security protocol.`,
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
