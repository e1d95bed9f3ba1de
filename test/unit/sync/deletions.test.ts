import { isDue, parseDeletionSchedule } from '../../../sync/src/deletion-schedule';
import { planDeletions, refusedFailure, type FoundDeletions } from '../../../sync/src/deletion-plan';
import type { ConfiguredStream } from '../../../sync/src/selection';

function configured(name: string, mode: ConfiguredStream['destination_sync_mode']): ConfiguredStream {
  return {
    stream: { name, namespace: 'public' },
    sync_mode: mode === 'overwrite' ? 'full_refresh' : 'incremental',
    destination_sync_mode: mode,
    primary_key: [['id']],
    generation_id: 0,
    minimum_generation_id: 0,
    sync_id: 1,
  };
}

function found(stream: string, landed: number, deleted: number, known = deleted): FoundDeletions {
  const keys = Array.from({ length: known }, (_, index) => [String(index)]);
  return { stream: `public.${stream}`, key: ['id'], landed, deleted, keys };
}

const streams = [configured('users', 'append_dedup'), configured('log', 'append'), configured('rates', 'overwrite')];

test('deletions up to the share are asked for, those of appended and overwritten streams never', () => {
  const all = [found('users', 1000, 10), found('log', 1000, 10), found('rates', 1000, 10), found('unknown', 10, 1)];
  const { asked, refused } = planDeletions(all, streams, 0.01);
  expect([asked.map(({ stream, keys }) => [stream, keys.length]), refused]).toEqual([[['public.users', 10]], []]);
});

test.each([
  ['one more than the share', found('users', 1000, 11)],
  ['a source that is empty', found('users', 500, 500)],
  ['more keys than were listed', found('users', 1_000_900, 900, 800)],
])('%s is refused', (_, one) => {
  const { asked, refused } = planDeletions([one], streams, 0.01);
  expect([asked, refused.map(({ stream }) => stream)]).toEqual([[], ['public.users']]);
});

test('a refusal says what was found and what to do', () => {
  const { refused } = planDeletions([found('users', 500, 500)], streams, 0.01);
  expect(refusedFailure(refused, 0.01)).toMatchObject({
    kind: 'config_error',
    message:
      "Deletions were not sent, as more than max_delete_share (1 %) of a table would go; everything else was synced. public.users: 500 of the warehouse's 500 rows are not in the source, 100 %. Look whether it is the right database and whether the role sees every row. If the rows are to go, raise `max_delete_share` for one sync.",
  });
});

test('a pattern of its own looks with the first sync after each of its times, and at once where there was no look yet', () => {
  const nightly = parseDeletionSchedule('0 3 * * *');
  const at = (text: string): Date => new Date(`2026-11-${text}`);
  expect(isDue(nightly, undefined, at('27T10:00'))).toBe(true);
  expect(isDue(nightly, at('27T03:10'), at('28T02:59'))).toBe(false);
  expect(isDue(nightly, at('27T03:10'), at('28T03:00'))).toBe(true);
  expect(isDue(nightly, at('20T03:10'), at('28T02:00'))).toBe(true);
  expect(isDue(parseDeletionSchedule('off'), undefined, at('28T03:00'))).toBe(false);
  expect(isDue(parseDeletionSchedule(undefined), undefined, at('28T03:00'))).toBe(false);
  expect(isDue(parseDeletionSchedule('each_sync'), at('28T02:59'), at('28T03:00'))).toBe(true);
});

test.each([[true], ['daily'], ['* * *'], [5]])('detect_deletes %p is refused with what it can be', (value) => {
  expect(() => parseDeletionSchedule(value)).toThrow('`detect_deletes` must be "off", "each_sync", or a cron pattern');
});
