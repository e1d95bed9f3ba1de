import { count } from '@ewallet/failure';

test('a number stands with its noun, in the singular for one alone', () => {
  expect([
    count(0, 'row'),
    count(1, 'row'),
    count(1_234, 'row'),
    count(1, 'query', 'queries'),
    count(2, 'query', 'queries'),
  ]).toEqual(['0 rows', '1 row', '1,234 rows', '1 query', '2 queries']);
});
