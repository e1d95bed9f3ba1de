import { count, Failure } from '@ewallet/failure';
import { kafkaError, type LogFailures, type OvertakenTopic, type SealedBatch } from '@ewallet/kafka';
import type { Access } from './access';
import { failureFromKafka } from './kafka-errors';

interface LogSettings {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
}

/** What the destination says when its transactional log fails. */
export function logFailures(access: Access, settings: LogSettings): LogFailures {
  return {
    failed: (error, what, topics) => failureFromKafka(error, what, { ...access, topics }),
    fenced: (error, what, ageMs) => fenced(error, what, ageMs, settings),
    overtaken,
    tooLarge,
  };
}

const ONE_WRITER =
  'Let one run at a time write a topic: take the stream out of the other connection, or see that their runs never overlap. Only connections that write different rows into one topic (two databases) may run at once, each with a `transactional_id` of its own.';

function overtaken(error: unknown, { topic, transactionalId, committed }: OvertakenTopic): Failure {
  const more = { detail: kafkaError(error).type ?? '', cause: error };
  if (!committed) {
    return Failure.config(
      `Kafka could not commit the transaction: another run took over the transactional id "${transactionalId}", and with it topic ${topic}. Nothing unacknowledged of this run is visible. ${ONE_WRITER}`,
      more,
    );
  }
  return Failure.config(
    `Another run took over the transactional id "${transactionalId}", and with it topic ${topic}, while this one committed. What this one wrote last is visible without being acknowledged: without a primary key it will be there twice, and with one it may stand behind newer records. Read the topic's stream from the start. ${ONE_WRITER}`,
    more,
  );
}

function fenced(error: unknown, what: string, ageMs: number | undefined, settings: LogSettings): Failure {
  const { transactionalId, transactionTimeoutMs } = settings;
  const more = { detail: kafkaError(error).type ?? '', cause: error };
  if (ageMs !== undefined && ageMs >= transactionTimeoutMs) {
    return Failure.transient(
      `Kafka could not ${what}: it was open for ${Math.round(ageMs / 1000)} s and the broker ended it after ${Math.round(transactionTimeoutMs / 1000)} s. Nothing of it was acknowledged; the next attempt writes it again.`,
      more,
    );
  }
  return Failure.config(
    `Kafka could not ${what}: another run took over the transactional id "${transactionalId}". Nothing unacknowledged of this run is visible. ${ONE_WRITER}`,
    more,
  );
}

function tooLarge(batch: SealedBatch, error: Error & { readonly type: string }): Failure {
  return Failure.config(
    `Topic ${batch.topic} refused a batch of ${batch.bytes.length} bytes (${count(batch.records, 'record')}) as too large. Raise the topic's max.message.bytes, or set \`oversized_records\` to "dead_letter".`,
    { detail: error.type, cause: error },
  );
}
