import { KafkaJSConnectionError, KafkaJSNonRetriableError, KafkaJSProtocolError } from 'kafkajs';
import { askAgain } from '../../../pipeline/src/probe/ask-again';

const HOUR = 3_600_000;

/** As kafkajs throws what a broker answers: inside an error of its own. */
function answered(type: string): Error {
  const cause = Object.assign(new KafkaJSProtocolError(new Error(type)), { type });
  return Object.assign(new KafkaJSNonRetriableError(cause), { cause });
}

/** Throws each error once, then says how often it was asked. */
function after(...errors: readonly Error[]): () => Promise<number> {
  let asked = 0;
  return async () => {
    const error = errors[asked];
    asked += 1;
    if (error !== undefined) throw error;
    return Promise.resolve(asked);
  };
}

test.each(['GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS', 'LEADER_NOT_AVAILABLE'])(
  '%s is asked again until there is an answer',
  async (type) => {
    await expect(askAgain(after(answered(type), answered(type)), HOUR)).resolves.toBe(3);
  },
);

test('what is still not settled when the time is over is said', async () => {
  await expect(askAgain(after(answered('LEADER_NOT_AVAILABLE')), 0)).rejects.toThrow('LEADER_NOT_AVAILABLE');
});

test.each([
  ['a right that is missing', answered('GROUP_AUTHORIZATION_FAILED')],
  ['a connection that is refused', new KafkaJSConnectionError('connect ECONNREFUSED')],
])('%s is an answer', async (_, error) => {
  await expect(askAgain(after(error), HOUR)).rejects.toBe(error);
});
