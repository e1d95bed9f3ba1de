import { Failure, asFailure, nearestName } from '@ewallet/failure';

test('what is not a Failure becomes a system_error that keeps its cause', () => {
  const cause = new TypeError('boom');
  const failure = asFailure(cause);
  expect({ kind: failure.kind, message: failure.message, cause: failure.cause }).toEqual({
    kind: 'system_error',
    message: 'Unexpected error: boom',
    cause,
  });
});

test('a Failure passes through untouched', () => {
  const failure = Failure.config('Set "host".', { stream: { name: 'users', namespace: 'public' } });
  expect(asFailure(failure)).toBe(failure);
});

test.each([
  ['schema', ['host', 'schemas', 'password'], 'schemas'],
  ['flush.intervall.ms', ['flush.max.bytes', 'flush.interval.ms'], 'flush.interval.ms'],
  ['ab', ['ba', 'abc', 'xab'], 'abc'], // of two as near, the first
  ['anything', [], ''],
])('the known name nearest to %s in %j is "%s"', (wrong, known, nearest) => {
  expect(nearestName(wrong, known)).toBe(nearest);
});
