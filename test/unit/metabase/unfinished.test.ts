import { lastIsUnfinished } from '../../../metabase/page/src/unfinished';

const readAt = '2026-11-23T17:08:00.000Z';

it.each([
  ['today', ['2026-11-22', '2026-11-23'], true],
  ['yesterday', ['2026-11-21', '2026-11-22'], false],
  ['the week that began today', ['2026-11-09', '2026-11-16', '2026-11-23'], true],
  ['the week before', ['2026-11-09', '2026-11-16'], false],
  ['this month', ['2026-09-01', '2026-10-01', '2026-11-01'], true],
  ['the month before', ['2026-09-01', '2026-10-01'], false],
  ['one period alone, whose length nobody knows', ['2026-11-23'], false],
  ['periods out of order', ['2026-11-23', '2026-11-22'], false],
  ['no dates', ['1. under $1', '2. over'], false],
])('unfinished on 23 November: %s', (_, starts, unfinished) => {
  expect(lastIsUnfinished(starts, readAt)).toBe(unfinished);
});
