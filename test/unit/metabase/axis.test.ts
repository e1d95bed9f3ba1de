import { formatTick, formatValue, isMonth } from '../../../metabase/page/src/format';
import { shareAxis } from '../../../metabase/page/src/share-axis';

it.each([
  ['a rate near all begins near its least', [0.873, 0.99, 0.951], true, { min: 0.85, max: 1, interval: 0.05 }],
  ['a rate that hardly moves', [0.9951, 0.9992], true, { min: 0.995, max: 1, interval: 0.001 }],
  ['one that begins at zero', [0.2, 0.95], false, { min: 0, max: 1, interval: 0.2 }],
  ['one that is always all', [1, 1], true, { max: 1 }],
  ['one that is far from all', [0.02, 0.3], false, {}],
  ['one beyond all', [0.5, 1.2], false, {}],
  ['none', [], true, {}],
])('the axis of shares: %s', (_, shares, autoRange, ends) => {
  expect(shareAxis(shares, autoRange)).toEqual(ends);
});

it.each([
  [0, { number_style: 'currency', currency: 'USD', decimals: 2 }, '$0'],
  [1800, { number_style: 'currency', currency: 'USD' }, '$1,800'],
  [0.5, { number_style: 'currency', currency: 'USD' }, '$0.5'],
  [120, { decimals: 1 }, '120'],
  [250000, { decimals: 0 }, '250K'],
])('%d on an axis with %j is %s', (value, settings, text) => {
  expect(formatTick(value, { type: 'number', settings, currency: null })).toBe(text);
});

it.each([
  ['month_start', 'Sept 2026'],
  ['cohort_month', 'Sept 2026'],
  ['activity_month', 'Sept 2026'],
  ['week_start', '1 Sept 2026'],
  ['months_since_signup', '1 Sept 2026'],
])('the first of September in a column %s reads %s', (column, shown) => {
  const format = { type: 'time', settings: {}, currency: null, month: isMonth(column) } as const;
  expect(formatValue('2026-09-01', format)).toBe(shown);
});
