import { NO_OVERRIDES, override } from '../../../tools/bench/src/session/overrides';
import { variants } from '../../../tools/bench/src/session/settings';

test('a hop runs as it comes first, then with one setting at a time turned, over the settings of the command line', () => {
  const before = override('sink.flush.interval.ms=500', NO_OVERRIDES);
  expect(variants(new Set(['sink', 'flow']), before)).toEqual([
    { hop: 'sink', label: '', with: { source: {}, destination: {}, sink: { 'flush.interval.ms': 500 } } },
    ...[
      { key: 'flush.max.bytes', value: 4_194_304 },
      { key: 'flush.max.bytes', value: 67_108_864 },
      { key: 'flush.interval.ms', value: 20 },
      { key: 'flush.interval.ms', value: 1_000 },
    ].map(({ key, value }) => ({
      hop: 'sink',
      label: `${key}=${value}`,
      with: { source: {}, destination: {}, sink: { 'flush.interval.ms': 500, [key]: value } },
    })),
  ]);
});

test('hops without a setting to turn make no variant', () => {
  expect(variants(new Set(['flow', 'dbt']), NO_OVERRIDES)).toEqual([]);
});
