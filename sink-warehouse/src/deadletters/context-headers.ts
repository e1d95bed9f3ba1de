import type { StoredDeadLetter } from './pending';

const PREFIX = '__connect.errors.';

/**
 * What Kafka Connect adds to a record in its dead letter queue, under the same names (DeadLetterQueueReporter), so that
 * tools that read them keep working.
 */
export function contextHeaders(connector: string, letter: StoredDeadLetter): Record<string, string> {
  const context: Record<string, string> = {
    topic: letter.topic,
    partition: String(letter.partition),
    offset: letter.offset,
    'connector.name': connector,
    'task.id': '0',
    stage: letter.stage,
    'class.name': 'sink-warehouse',
    'exception.class.name': letter.errorClass,
    'exception.message': letter.errorMessage,
    'exception.stacktrace': `${letter.errorClass}: ${letter.errorMessage}`,
  };
  return Object.fromEntries(Object.entries(context).map(([name, value]) => [PREFIX + name, value]));
}
