import type { Failure } from '@ewallet/failure';

/**
 * What keeps one topic from landing and says nothing of the others: a table that is refused, a key that changed, a lock.
 * Nothing of the topic was written, and whoever threw it can continue with the other topics.
 */
export class TopicTrouble extends Error {
  override readonly name = 'TopicTrouble';

  /**
   * @param effect `park`: the topic waits, the others continue. `stop`: a bad record that errors.tolerance=none does not
   *   allow; the others land what Kafka holds, then the sink ends.
   */
  constructor(
    readonly topic: string,
    readonly failure: Failure,
    readonly effect: 'park' | 'stop' = 'park',
  ) {
    super(failure.message, { cause: failure });
  }
}
