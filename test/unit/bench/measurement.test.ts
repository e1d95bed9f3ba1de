import { median, summarise, type Measurement } from '../../../bench/src/measurement';
import { TotalsCounter, mustEqual } from '../../../bench/src/money';
import { plot } from '../../../bench/src/plot';
import { table } from '../../../bench/src/report';

const measured = (seconds: number, peakRss = 0, cpuSeconds = 0): Measurement => ({
  rows: 1_000,
  bytes: 2_000_000,
  seconds,
  peakRss,
  cpuSeconds,
});

const summary = summarise({
  hop: 'source',
  limit: 'COPY',
  target: 0.35,
  trials: [
    { hop: measured(2, 100e6, 3), limit: measured(1) },
    { hop: measured(4, 120e6, 5), limit: measured(1) },
    { hop: measured(1, 110e6, 4), limit: measured(1) },
  ],
});

test('a ratio is of a trial’s own two runs; the median of three is reported with its spread and the peak of memory', () => {
  expect(summary).toEqual({
    hop: 'source',
    limit: 'COPY',
    target: 0.35,
    rows: 1_000,
    rowsPerSecond: 500,
    megabytesPerSecond: 1,
    limitRowsPerSecond: 1_000,
    ratio: { min: 0.25, median: 0.5, max: 1 },
    peakRssMegabytes: 120,
    cpuSecondsPerMillionRows: 4_000,
  });
});

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[7], 7],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('the Markdown table has a line a hop', () => {
  expect(table([summary], true)).toBe(
    [
      '| hop | rows/s | MB/s | limit | limit rows/s | ratio min / median / max | target | peak RSS | CPU s / 1M rows |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
      '| source | 500 | 1.0 | COPY | 1,000 | 0.25 / 0.50 / 1.00 | ≥ 0.35 | 120 MB | 4000.0 |',
    ].join('\n'),
  );
});

test('the plot is well-formed for names with markup in them', () => {
  const svg = plot([{ ...summary, hop: '<a & b>' }]);
  expect(svg).toContain('&lt;a &amp; b&gt;');
  expect(svg.match(/<rect /g)).toHaveLength(3);
});

test('sums are exact where doubles are not, and a cent too much is refused', () => {
  const counter = new TotalsCounter();
  for (let i = 0; i < 10; i++) counter.add('USD', '90071992547409.9301', '0.1');
  const totals = counter.totals();
  expect(totals).toEqual({ rows: 10, sums: { USD: '9007199254741003010' } });
  expect(() => {
    mustEqual(totals, { rows: 10, sums: { USD: '9007199254741003011' } }, 'Table x');
  }).toThrow(
    'Table x holds 10 rows with sums {"USD":"9007199254741003010"}, and should hold 10 with {"USD":"9007199254741003011"}.',
  );
});
