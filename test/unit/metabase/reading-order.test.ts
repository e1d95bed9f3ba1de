import { defaultReadings, otherReadings, type Reading } from '../../../metabase/src/preview/reading-order';
import { combinationsWithin } from '../../../metabase/src/preview/variant';

const card = (name: string, options: string[][]) => ({ name, combinations: combinationsWithin(options, 120) });
const twoFilters = [
  ['week', 'month'],
  ['all', 'PHP'],
];
const slow = card('slow', twoFilters);
const quick = card('quick', twoFilters);
const plain = card('plain', []);
const words = (list: Reading<typeof slow>[]) =>
  list.map((reading) => `${reading.card.name} ${reading.combination.values.join('+')}`);

it('every card has a default view, those without filters too', () => {
  expect(words(defaultReadings([slow, quick, plain]))).toEqual(['slow week+all', 'quick week+all', 'plain ']);
});

it('quick cards are read before slow ones, one change before two, unless two are sixteen times as quick', () => {
  const times = (ofSlow: number) =>
    new Map([
      [slow, ofSlow],
      [quick, 1],
    ]);
  const near = { quick: ['quick week+PHP', 'quick month+all'], slow: ['slow week+PHP', 'slow month+all'] };
  expect(words(otherReadings([slow, quick, plain], times(17)))).toEqual([
    ...near.quick,
    'quick month+PHP',
    ...near.slow,
    'slow month+PHP',
  ]);
  expect(words(otherReadings([slow, quick, plain], times(15)))).toEqual([
    ...near.quick,
    ...near.slow,
    'quick month+PHP',
    'slow month+PHP',
  ]);
});
