import { asFailure, Failure, isFailure } from '@ewallet/failure';
import { isConnectionLost, isHopeless, kafkaErrorName } from '@ewallet/kafka';

/** What the sink says where Kafka refused or did not answer, running or in a command; anything else stays what it is. */
export function failureWithKafka(error: unknown, brokers: readonly string[]): Failure {
  if (isFailure(error) || !isKafkaFault(error)) return asFailure(error);
  const text = error instanceof Error ? error.message : kafkaErrorName(error);
  const kafka = `Kafka at ${brokers.join(', ')}`;
  const cause = { cause: error };
  if (isHopeless(error)) {
    return Failure.config(`${kafka} refused: ${text}. Check credentials and rights of consumer.override.*.`, cause);
  }
  if (isConnectionLost(error)) {
    return Failure.transient(
      `${kafka} could not be reached: ${text}. Check consumer.override.bootstrap.servers, and that the brokers run.`,
      cause,
    );
  }
  return Failure.transient(`${kafka} answered with an error: ${text}. Look at the cluster's health.`, cause);
}

/** Whether Kafka's client threw it: its own class, or the broker's name of an error. */
function isKafkaFault(error: unknown): boolean {
  const name = kafkaErrorName(error);
  return name.startsWith('KafkaJS') || /^[A-Z_]{6,}$/.test(name);
}
