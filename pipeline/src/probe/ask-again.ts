import { setTimeout as pause } from 'node:timers/promises';
import { isConnectionLost, isRetriable, kafkaError } from '@ewallet/kafka';

const AGAIN_AFTER_MS = 100;

/**
 * Asks again where the brokers answer that they cannot say yet. A connection that fails is an answer.
 *
 * @param forMs how long, in milliseconds; what they say then is final
 */
export async function askAgain<T>(ask: () => Promise<T>, forMs: number): Promise<T> {
  const until = performance.now() + forMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isNotYet(error) || performance.now() + AGAIN_AFTER_MS > until) throw error;
      await pause(AGAIN_AFTER_MS);
    }
  }
}

/**
 * A leader is being elected, or the coordinator of groups is being set up: on a new cluster the first question after a
 * group makes Kafka do so. kafkajs throws such an error inside others of its own.
 */
function isNotYet(error: unknown): boolean {
  if (kafkaError(error).name === 'KafkaJSGroupCoordinatorNotFound') return true;
  if (isRetriable(error) && !isConnectionLost(error)) return true;
  return error instanceof Error && error.cause !== undefined && isNotYet(error.cause);
}
