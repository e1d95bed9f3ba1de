import { answerMs } from '../../../pipeline/src/budget';

test.each([
  ['a process that started at once', 0, 1_400],
  ['one that needed what a quiet machine needs', 300, 1_300],
  ['one on a busy machine', 800, 800],
  ['one that needed nearly all of it', 1_200, 500],
  ['one that is late already', 30_000, 500],
])('%s gives each part what is left of its two seconds, and time enough to answer', (_, sinceStartMs, expected) => {
  expect(answerMs(undefined, sinceStartMs)).toBe(expected);
});

test('whoever chooses how long to wait has it, however long the command needed to start', () => {
  expect([answerMs(8, 0), answerMs(8, 5_000), answerMs(0.2, 1_000)]).toEqual([8_000, 8_000, 200]);
});
