import { Failure, asFailure, nearestName, parseShare, showShare } from '@ewallet/failure';

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

test.each([
  [0.01, 0.01, '1 %'],
  ['0.01', 0.01, '1 %'],
  ['1 %', 0.01, '1 %'],
  ['0.03%', 0.0003, '0.03 %'],
  [1, 1, '100 %'],
  ['100 %', 1, '100 %'],
  [0, 0, '0 %'],
])('a share %p is %p of the whole and shown as %s', (given, share, shown) => {
  expect(parseShare(given, 'max')).toBeCloseTo(share, 12);
  expect(showShare(share)).toBe(shown);
});

test.each([[1.5], [-0.1], ['101 %'], [''], ['%'], ['many'], [true], [null]])('a share %p is refused', (given) => {
  expect(() => parseShare(given, 'max')).toThrow(
    '`max` must be a share from 0 to 1, as 0.01, or in percent, as "1 %".',
  );
});
