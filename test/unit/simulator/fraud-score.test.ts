import { scoreAlerts, scoreTable, totals, type PlantedFraud } from '../../../tools/demo/src/run/fraud-score';

const HOUR = 3_600_000;

const burst = (customer: number, more: Partial<PlantedFraud> = {}): PlantedFraud => ({
  pattern: 'velocity',
  customers: [customer],
  from: 100 * HOUR,
  until: 101 * HOUR,
  complete: true,
  expected: [{ signal: 'velocity', customer }],
  ...more,
});

const alert = (signal: string, customer: number, from: number, until = from) => ({
  signal,
  customer,
  from: from * HOUR,
  until: until * HOUR,
});

test('an alert is right about a planted customer during the burst and an hour after, whichever signal it is', () => {
  const alerts = [
    alert('velocity', 1, 99.9, 100),
    alert('velocity', 1, 102),
    alert('rapid_in_out', 1, 101),
    alert('velocity', 1, 99, 99.9),
    alert('velocity', 1, 102.1),
    alert('velocity', 2, 100),
  ];
  expect(scoreAlerts([burst(1)], alerts)).toEqual([
    { signal: 'rapid_in_out', planted: 0, found: 0, alerts: 1, right: 1 },
    { signal: 'velocity', planted: 1, found: 1, alerts: 5, right: 2 },
  ]);
});

test('a burst is found by its own signal about its own customer alone', () => {
  const planted = [burst(1), burst(2), burst(3)];
  const alerts = [alert('velocity', 1, 100), alert('structuring', 2, 100), alert('velocity', 3, 200)];
  expect(scoreAlerts(planted, alerts)).toEqual([
    { signal: 'structuring', planted: 0, found: 0, alerts: 1, right: 1 },
    { signal: 'velocity', planted: 3, found: 1, alerts: 2, right: 1 },
  ]);
});

test('a burst that was cut off need not be found, and an alert about it is right', () => {
  expect(scoreAlerts([burst(1, { complete: false })], [alert('velocity', 1, 100)])).toEqual([
    { signal: 'velocity', planted: 0, found: 0, alerts: 1, right: 1 },
  ]);
});

test('the table says each share cut and never rounded up, and the totals over all signals', () => {
  const scores = [
    { signal: 'structuring', planted: 0, found: 0, alerts: 0, right: 0 },
    { signal: 'velocity', planted: 2_000, found: 1_999, alerts: 3, right: 2 },
  ];
  expect(totals(scores)).toEqual({ recall: 0.9995, precision: 2 / 3 });
  expect(totals([])).toEqual({ recall: 1, precision: 1 });
  expect(scoreTable(scores).split('\n')).toEqual([
    'signal       planted  found  recall  alerts  right  precision',
    'structuring        0      0       -       0      0          -',
    'velocity        2000   1999   0.999       3      2      0.666',
    'all                           0.999                     0.666',
  ]);
});
