import { asFailure, Failure, isFailure } from '@ewallet/failure';
import { isHopeless, kafkaErrorName } from '@ewallet/kafka';

/** Whether Kafka's client threw it: its own class, or the broker's name of an error. */
export function isKafkaFault(error: unknown): boolean {
  const name = kafkaErrorName(error);
  return name.startsWith('KafkaJS') || /^[A-Z_]{6,}$/.test(name);
}

/** What a command that talks to Kafka says where Kafka refused or did not answer; anything else stays what it is. */
export function failureOfCommand(error: unknown, brokers: readonly string[]): Failure {
  if (isFailure(error) || !isKafkaFault(error)) return asFailure(error);
  const text = error instanceof Error ? error.message : kafkaErrorName(error);
  const at = brokers.join(', ');
  return isHopeless(error)
    ? Failure.config(`Kafka at ${at} refused: ${text}. Check credentials and rights of consumer.override.*.`, {
        cause: error,
      })
    : Failure.transient(
        `Kafka at ${at} could not be reached: ${text}. Check consumer.override.bootstrap.servers, and that the brokers run.`,
        { cause: error },
      );
}
