import { summariseLatencies } from '../../../tools/bench/src/measure/latency';
import { latencyReport } from '../../../tools/bench/src/report/latency-report';

test('percentiles are values that were measured, over the changes of all trials', () => {
  const [summary] = summariseLatencies([
    { name: 'Kafka', targets: [], samples: Array.from({ length: 50 }, (_, index) => index + 1) },
    { name: 'Kafka', targets: [], samples: Array.from({ length: 50 }, (_, index) => 100 - index) },
  ]);
  expect(summary).toMatchObject({ changes: 100, p50: 50, p95: 95, p99: 99, max: 100 });
  expect(summary?.histogram).toEqual([
    { below: 25, changes: 24 },
    { below: 50, changes: 25 },
    { below: 75, changes: 25 },
    { below: 100, changes: 25 },
    { below: 150, changes: 1 },
  ]);
});

test('the report has a line per target and a bar per range', () => {
  const summaries = summariseLatencies([
    { name: 'the warehouse', targets: [{ percentile: 50, milliseconds: 1_000 }], samples: [10, 20, 30, 9_000] },
  ]);
  expect(latencyReport(summaries, 'text').split('\n')).toEqual([
    'from commit to  changes  p50    p95       p99       max       target        ',
    'the warehouse   4        20 ms  9,000 ms  9,000 ms  9,000 ms  p50 < 1,000 ms',
    '',
    'commit to the warehouse',
    '      0 to 25 ms   50.0 %  ████████████████████████████████████████',
    '     25 to 50 ms   25.0 %  ████████████████████',
    expect.stringContaining('50 to 75 ms    0.0 %'),
    ...['75 to 100 ms', '100 to 150 ms', '150 to 200 ms', '200 to 300 ms', '300 to 500 ms', '500 to 750 ms'].map(
      (range) => expect.stringContaining(`${range}    0.0 %`) as unknown,
    ),
    ...['750 to 1000 ms', '1000 to 2000 ms', '2000 to 5000 ms'].map(
      (range) => expect.stringContaining(`${range}    0.0 %`) as unknown,
    ),
    '5000 ms and more   25.0 %  ████████████████████',
  ]);
});
