import fc from 'fast-check';
import { nextRangeRows } from '../../../audit/src/compare/chunk-size';
import { bucketCount } from '../../../audit/src/compare/compare-range';
import type { HashedRow } from '../../../audit/src/compare/hashed-row';
import { compareRows } from '../../../audit/src/compare/row-differences';
import { keyJson } from '../../../audit/src/report/json-report';
import { progressLine } from '../../../audit/src/report/progress';
import { candidateOf, judge, lookedAgain, type PipelineSeen } from '../../../audit/src/settle/candidate';
import { transactionOf } from '../../../audit/src/settle/row-transaction';
import { wrongColumns } from '../../../audit/src/settle/wrong-columns';
import type { StreamPlan } from '../../../audit/src/tables/stream-plan';

const row = (key: string, hash: string, version = ''): HashedRow => ({ key: [key], hash, version });

test('rows of one key are a multiset: what is over is extra, what is short is missing, what is neither is different', () => {
  const found = compareRows(
    [row('same', '1'), row('gone', '2'), row('changed', '3'), row('twice', '4'), row('short', '5'), row('short', '5')],
    [row('changed', '9'), row('same', '1'), row('new', '6'), row('twice', '4'), row('twice', '4'), row('short', '5')],
  );
  expect(found.map(({ kind, key, count }) => [kind, key[0], count])).toEqual([
    ['missing', 'gone', 1],
    ['different', 'changed', 1],
    ['extra', 'twice', 1],
    ['missing', 'short', 1],
    ['extra', 'new', 1],
  ]);
});

test('the same rows in any order are equal', () => {
  fc.assert(
    fc.property(
      fc
        .array(fc.tuple(fc.string({ maxLength: 2 }), fc.string({ maxLength: 1 })))
        .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }))),
      ([rows, shuffled]) => {
        const all = rows.map(([key, hash]) => row(key, hash));
        expect(
          compareRows(
            all,
            shuffled.map(([key, hash]) => row(key, hash)),
          ),
        ).toEqual([]);
      },
    ),
  );
});

const seen = (more: Partial<PipelineSeen>): PipelineSeen => ({
  quietSeconds: 0,
  inKafkaSeconds: undefined,
  watchedSeconds: 0,
  ...more,
});
const plan = { stream: 'public.t' } as StreamPlan;
const difference = { kind: 'missing', key: ['1'], count: 1, version: 'v1:h' } as const;

test('a difference of an unchanged row waits until the pipeline has passed, stands still, or has been watched for long', () => {
  const waiting = [lookedAgain(candidateOf(plan, difference), difference, 'v1:h')];
  expect(judge(waiting, seen({ quietSeconds: 14.9 }), 15)).toBe('wait');
  expect(judge(waiting, seen({ quietSeconds: 15 }), 15)).toBe('decided');
  expect(judge(waiting, seen({ inKafkaSeconds: 14.9 }), 60)).toBe('wait');
  expect(judge(waiting, seen({ inKafkaSeconds: 15 }), 60)).toBe('decided');
  expect(judge(waiting, seen({ inKafkaSeconds: 0 }), 0)).toBe('decided');
  expect(judge(waiting, seen({ watchedSeconds: 599 }), 15)).toBe('wait');
  expect(judge(waiting, seen({ watchedSeconds: 600 }), 15)).toBe('decided');
  expect(judge(waiting, seen({ watchedSeconds: 600 }), 3600)).toBe('wait');
});

test('nobody waits for a row that was written again, nor for one that became equal', () => {
  const moved = lookedAgain(candidateOf(plan, difference), difference, 'v2:h');
  const landed = lookedAgain(candidateOf(plan, difference), undefined, 'v1:h');
  expect(judge([moved, landed], seen({}), 15)).toBe('decided');
});

test('a row that moved once stays in flight, also when its version is the first one again', () => {
  const moved = lookedAgain(candidateOf(plan, difference), difference, 'v2:h');
  expect(lookedAgain(moved, difference, 'v1:h').isMoving).toBe(true);
});

test('a column is excused only where _airbyte_meta names it and its value is null, or says that it was cut', () => {
  const source = { key: ['1'], values: ['NaN', 'x', '0.123', 'y', null], meta: null };
  const changes = [
    { field: 'nan', change: 'NULLED' },
    { field: 'kept', change: 'NULLED' },
    { field: 'cut', change: 'TRUNCATED' },
  ];
  const landed = { key: ['1'], values: [null, '', '0.12', null, null], meta: JSON.stringify({ changes }) };
  expect(wrongColumns(['nan', 'kept', 'cut', 'silent', 'same'], source, landed)).toEqual({
    wrong: ['kept', 'silent'],
    nulled: ['nan', 'cut'],
  });
  expect(wrongColumns(['nan'], source, { ...landed, meta: 'no JSON' }).wrong).toEqual(['nan']);
});

test('a range takes about the time asked for, and changes at most twofold', () => {
  expect(nextRangeRows(0.5, undefined)).toBe(20_000);
  expect(nextRangeRows(0.5, { rows: 100_000, seconds: 1 })).toBe(50_000);
  expect(nextRangeRows(0.5, { rows: 100_000, seconds: 0.4 })).toBe(125_000);
  expect(nextRangeRows(0.5, { rows: 100_000, seconds: 0 })).toBe(200_000);
  expect(nextRangeRows(0.001, { rows: 1_500, seconds: 10 })).toBe(1_000);
});

test('buckets are a power of two, about 64 rows each', () => {
  expect([1, 64, 65, 100_000, 10 ** 9].map(bucketCount)).toEqual([1, 1, 2, 2048, 65_536]);
});

test('a row version is of the newest transaction with its low bits, over the edge of an epoch too', () => {
  const next = (3n << 32n) + 10n;
  expect(transactionOf('16384/(0,1)/9', next)).toBe((3n << 32n) + 9n);
  expect(transactionOf('16384/(0,1)/11', next)).toBe((2n << 32n) + 11n);
  expect(transactionOf('16384/(0,1)/2', next)).toBe(2n);
});

test('keys are shown with all their digits, and of several columns as a list', () => {
  expect(keyJson(9223372036854775807n)).toBe('9223372036854775807');
  expect(keyJson(['a"b', 1n, null])).toBe('["a\\"b", 1, null]');
});

test('progress tells rows, rate and the time that is left', () => {
  const line = progressLine({ stream: 'public.t', rows: 250_000, estimate: 1_000_000, differences: 3, seconds: 2 });
  expect(line).toBe('public.t: 250,000 of about 1,000,000 rows, 125,000 rows/s, 6 s left, 3 differ at first look');
});
