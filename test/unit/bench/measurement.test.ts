import { summariseDelays, type Delay } from '../../../tools/bench/src/measure/delay';
import { growthPlot, growthTable } from '../../../tools/bench/src/report/growth';
import { median, summarise, type HopSummary, type Measurement } from '../../../tools/bench/src/measure/measurement';
import { TotalsCounter, mustEqual } from '../../../tools/bench/src/session/money';
import { plot } from '../../../tools/bench/src/report/plot';
import { delayTable, table } from '../../../tools/bench/src/report/report';

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
    secondsPerMillionRowsByTenth: [],
  });
});

test('the cost of a row is told for each tenth of a hop that can be watched, without the tenths inside one batch', () => {
  const progress = [
    { rows: 100, seconds: 0 },
    { rows: 200, seconds: 1 },
    { rows: 600, seconds: 2 },
    { rows: 1_100, seconds: 7 },
  ];
  const watched = { ...measured(7), progress };
  expect(
    summarise({ hop: 'sink', limit: 'COPY', target: 0.35, trials: [{ hop: watched, limit: measured(1) }] })
      .secondsPerMillionRowsByTenth,
  ).toEqual([10_000, 2_500, 10_000]);
});

test('delays are summed up by name, in the order they were first measured', () => {
  const delay = (name: string, seconds: number, peakRss: number): Delay => ({ name, target: 3, seconds, peakRss });
  const delays = summariseDelays([
    delay('start', 0.5, 0),
    delay('idle', 2, 90e6),
    delay('start', 0.25, 0),
    delay('idle', 1, 95e6),
    delay('start', 1, 0),
  ]);
  expect(delays).toEqual([
    { name: 'start', target: 3, seconds: { min: 0.25, median: 0.5, max: 1 }, peakRssMegabytes: 0 },
    { name: 'idle', target: 3, seconds: { min: 1, median: 1.5, max: 2 }, peakRssMegabytes: 95 },
  ]);
  expect(delayTable(delays, 'markdown')).toBe(
    [
      '| what | seconds min / median / max | target | peak RSS |',
      '| --- | --- | --- | --- |',
      '| start | 0.25 / 0.50 / 1.00 | < 3 s |  |',
      '| idle | 1.00 / 1.50 / 2.00 | < 3 s | 95 MB |',
    ].join('\n'),
  );
});

test('growth compares what a million rows cost at each size once a hop has started, and the whole throughput', () => {
  const at = (rows: number, seconds: number, hop = 'source'): HopSummary => ({
    ...summary,
    hop,
    rows,
    rowsPerSecond: rows / seconds,
  });
  const growth = {
    start: { rows: 1_000, summaries: [at(1_000, 0.5)] },
    sizes: [
      { rows: 101_000, summaries: [at(101_000, 0.7)] },
      { rows: 1_001_000, summaries: [at(1_001_000, 2.5), at(500_000, 3, 'sink insert')] },
      { rows: 10_001_000, summaries: [at(10_001_000, 20.5)] },
    ],
  };
  expect(growthTable(growth, 'markdown')).toBe(
    [
      '| hop | start, with 1,000 rows | 101,000 rows | 1,001,000 rows | 10,001,000 rows | throughput, last to one before |',
      '| --- | --- | --- | --- | --- | --- |',
      '| source | 0.50 s | 2.0 s / 1M | 2.0 s / 1M | 2.0 s / 1M | 1.22 |',
      '| sink insert |  |  | 6.0 s / 1M |  |  |',
    ].join('\n'),
  );
  expect(growthPlot(growth).match(/<circle /g)).toHaveLength(4);
});

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[7], 7],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('the Markdown table has a line per hop', () => {
  expect(table([summary], 'markdown')).toBe(
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
