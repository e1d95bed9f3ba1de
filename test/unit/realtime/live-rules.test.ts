import type { LiveRule } from '../../../realtime/src/config/live-rules';
import {
  nextVersion,
  rowOf,
  ruleLine,
  versionOf,
  type RuleChange,
  type RuleVersion,
} from '../../../realtime/src/rules/rule-version';

const rule: LiveRule = {
  count: { standard: 20, least: 5, most: 1_000_000 },
  share: { standard: 0.5, least: 0.1, most: 1 },
};
const change = (more: Partial<RuleChange>): RuleChange => ({
  signal: 'failure_rate_spike',
  enabled: undefined,
  count: undefined,
  share: undefined,
  standard: false,
  by: 'maria',
  why: 'a trial',
  ...more,
});
const first: RuleVersion = {
  signal: 'failure_rate_spike',
  version: 1,
  enabled: true,
  count: 30,
  share: undefined,
  by: 'maria',
  why: 'a trial',
  at: 0,
};

test('a version has what was set before it, but for what it changes or puts back to the standard', () => {
  expect(nextVersion(undefined, change({ count: 30 }), rule, 0)).toEqual(first);
  const second = nextVersion(first, change({ share: 0.25, enabled: false }), rule, 1_000);
  expect(second).toEqual({ ...first, version: 2, share: 0.25, enabled: false, at: 1_000 });
  expect(nextVersion(second, change({ standard: true, why: 'over' }), rule, 2_000)).toEqual({
    ...first,
    version: 3,
    count: undefined,
    why: 'over',
    at: 2_000,
  });
  expect(versionOf(rowOf(second))).toEqual(second);
  expect(ruleLine('failure_rate_spike', rule, second)).toBe(
    'failure_rate_spike: off, count 30 (standard 20), share 0.25 (standard 0.5); version 2 by maria at 1970-01-01T00:00:01.000Z: a trial',
  );
  expect(ruleLine('failure_rate_spike', rule, undefined)).toBe('failure_rate_spike: on, count 20, share 0.5');
});

test.each([
  [{ count: 4 }, '--count of failure_rate_spike must be from 5 to 1000000.'],
  [{ count: 5.5 }, '--count must be a whole number.'],
  [{ share: 1.1 }, '--share of failure_rate_spike must be from 0.1 to 1.'],
  [{ count: 5, why: ' ' }, '--why must say why, for whoever asks later.'],
])('%j is refused, as the job keeps nothing for it or nobody could ask later', (more, message) => {
  expect(() => nextVersion(first, change(more), rule, 0)).toThrow(message);
});

test('a signal has only the thresholds that it has', () => {
  expect(() => nextVersion(undefined, change({ count: 5 }), { count: undefined, share: undefined }, 0)).toThrow(
    'The signal failure_rate_spike has no --count that can be set.',
  );
});
