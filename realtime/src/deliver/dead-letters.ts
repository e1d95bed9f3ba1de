import type { IHeaders, Producer } from 'kafkajs';
import type { SourceRecord } from './open-alerts';

export interface DeadLetter {
  readonly topic: string;
  readonly source: SourceRecord;
  readonly cause: string;
  /** Undefined where the record itself cannot be read, so that no channel could be told. */
  readonly message: { readonly channel: string; readonly key: string; readonly attempts: number } | undefined;
}

/** The names that Kafka Connect's dead letters have, as the sink's, and beside them what a delivery has. */
function deadLetterHeaders({ topic, source, cause, message }: DeadLetter): IHeaders {
  return {
    '__connect.errors.topic': topic,
    '__connect.errors.partition': String(source.partition),
    '__connect.errors.offset': source.offset.toString(),
    '__connect.errors.exception.message': cause,
    ...(message === undefined
      ? {}
      : {
          'ewallet.deliver.channel': message.channel,
          'ewallet.deliver.idempotency_key': message.key,
          'ewallet.deliver.attempts': String(message.attempts),
        }),
  };
}

/** Key and value are the alert's own bytes. Returns once every replica that must have it has it. */
export async function sendDeadLetter(producer: Producer, deadLetterTopic: string, letter: DeadLetter): Promise<void> {
  const { key, value } = letter.source;
  await producer.send({
    topic: deadLetterTopic,
    acks: -1,
    messages: [{ key, value, headers: deadLetterHeaders(letter) }],
  });
}
