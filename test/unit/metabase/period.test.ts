import { periodWords } from '../../../metabase/page/src/period';

it.each([
  ['2026-11-22', '2026-11-21', '22 Nov', 'the day before'],
  ['2026-11-16', '2026-11-09', 'Week of 16 Nov', 'the week before'],
  ['2026-11-22', '2026-11-15', 'To 22 Nov', 'a week before'],
  ['2026-03-01', '2026-02-01', 'March 2026', 'the month before'],
  ['2026-10-01', '2026-07-01', 'Q4 2026', 'the quarter before'],
  ['2025-01-01', '2024-01-01', '2025', 'the year before'],
  ['2026-11-16', '2026-11-02', '16 Nov 2026', 'on 2 Nov 2026'],
  ['2026-03-01 00:00:00+00', '2026-02-01 00:00:00+00', 'March 2026', 'the month before'],
  ['infinity', '2026-02-01', 'infinity', 'at 1 Feb 2026'],
])('a figure of %s beside one of %s is of "%s", compared with "%s"', (last, before, now, then) => {
  expect(periodWords(last, before)).toEqual({ now, before: then });
});
