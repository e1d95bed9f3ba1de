import { notFilteredBy } from '../../../metabase/page/src/not-filtered';
import type { PageFilter } from '../../../metabase/src/preview/page-data';

const filter = (key: string, kind: 'date' | 'choice', preset: string | null, required = false): PageFilter => ({
  key,
  name: key.toUpperCase(),
  kind,
  options: [],
  default: preset,
  required,
});
const above = [
  filter('date', 'date', 'past90days~'),
  filter('currency', 'choice', null),
  filter('period', 'choice', 'week', true),
];

it.each([
  ['a chart that dates do not feed', 'bar', [], {}, ['DATE']],
  ['a figure, which names its period', 'smartscalar', [], {}, []],
  ['a figure without the chosen currency', 'smartscalar', [], { currency: 'KES' }, ['CURRENCY']],
  ['a figure of weeks where months were chosen', 'smartscalar', [], { period: 'month' }, ['PERIOD']],
  ['a chart that takes them all', 'bar', ['currency', 'date', 'period'], { currency: 'KES', period: 'month' }, []],
] as const)('%s is not filtered by %4$j', (_, display, filters, chosen, expected) => {
  const choices = new Map(above.map((one) => [one.key, one.default]));
  for (const [key, value] of Object.entries(chosen)) choices.set(key, value);
  expect(notFilteredBy({ display, filters }, above, choices)).toEqual(expected);
});
