import { isWaitingForTopic, nextLookMs } from '../../../sink-warehouse/src/run/topic-look';

const settled = { isWaiting: false, assignedForMs: 30_000, tookMs: 8, refreshMs: 10_000 };

test('topics are looked up every half second while one is expected, and by topics.refresh.interval.ms after', () => {
  expect(nextLookMs(settled)).toBe(10_000);
  expect(nextLookMs({ ...settled, isWaiting: true })).toBe(500);
  expect(nextLookMs({ ...settled, assignedForMs: 29_999 })).toBe(500);
});

test('a slow look is followed by fifty times its rest, and by no more than the interval', () => {
  expect(nextLookMs({ ...settled, isWaiting: true, tookMs: 60 })).toBe(3000);
  expect(nextLookMs({ ...settled, isWaiting: true, tookMs: 5000 })).toBe(10_000);
});

test('a list waits while one of its topics is missing, an expression while nothing fits it', () => {
  const found = [{ topic: 'a', partition: 0 }];
  expect(isWaitingForTopic({ kind: 'list', topics: ['a', 'b'] }, found)).toBe(true);
  expect(isWaitingForTopic({ kind: 'list', topics: ['a'] }, found)).toBe(false);
  expect(isWaitingForTopic({ kind: 'regex', regex: /a/ }, [])).toBe(true);
  expect(isWaitingForTopic({ kind: 'regex', regex: /a/ }, found)).toBe(false);
});
