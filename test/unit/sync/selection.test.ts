import { parseSyncConfig } from '../../../sync/src/config';
import { nextRun, parseSchedule } from '../../../sync/src/schedule';
import { configureCatalog } from '../../../sync/src/selection';

const users = {
  name: 'users',
  namespace: 'public',
  json_schema: { type: 'object' },
  supported_sync_modes: ['full_refresh', 'incremental'],
  default_cursor_field: ['updated_at'],
  source_defined_primary_key: [['id']],
};
const audit = { ...users, name: 'audit', source_defined_primary_key: [] };
const report = { name: 'report', namespace: 'public', json_schema: {}, supported_sync_modes: ['full_refresh'] };
const catalog = { streams: [users, audit, report] };

test('without a selection every stream is synced as incrementally as it can be', () => {
  expect(configureCatalog(catalog, undefined, 7)).toEqual({
    streams: [
      {
        stream: users,
        sync_mode: 'incremental',
        destination_sync_mode: 'append_dedup',
        cursor_field: ['updated_at'],
        primary_key: [['id']],
        generation_id: 0,
        minimum_generation_id: 0,
        sync_id: 7,
      },
      {
        stream: audit,
        sync_mode: 'incremental',
        destination_sync_mode: 'append',
        cursor_field: ['updated_at'],
        generation_id: 0,
        minimum_generation_id: 0,
        sync_id: 7,
      },
      {
        stream: report,
        sync_mode: 'full_refresh',
        destination_sync_mode: 'overwrite',
        generation_id: 7,
        minimum_generation_id: 7,
        sync_id: 7,
      },
    ],
  });
});

test.each([
  ['nothing', 'The source has no stream nothing. It offers public.users, public.audit, public.report.'],
  [
    { name: 'public.report', syncMode: 'incremental' as const },
    'Stream public.report cannot be synced as incremental; the source offers full_refresh.',
  ],
  [
    { name: 'audit', destinationSyncMode: 'append_dedup' as const },
    'Stream public.audit has no primary key to deduplicate by: give one, or use append.',
  ],
])('a selection that cannot be is refused with the reason: %j', (selection, message) => {
  const selections = [typeof selection === 'string' ? { name: selection } : selection];
  expect(() => configureCatalog(catalog, selections, 1)).toThrow(message);
});

test.each([
  [{}, '`source` must be a JSON object.'],
  [
    { sorce: {} },
    'The configuration has an unknown key `sorce`. Known are name, state_directory, source, destination, streams, retries, backoff_seconds.',
  ],
  [{ source: {} }, '`source` needs either `config` or `config_file`.'],
  [{ source: { config: {}, image: 'a', command: 'b' } }, '`source` has both `command` and `image`: choose one.'],
  [
    { source: { config: {} }, destination: { config: {} }, streams: [] },
    '`streams` must be a list with something in it.',
  ],
  [{ source: { config: {} }, destination: { config: {} }, retries: -1 }, '`retries` must be a number from 0 up.'],
])('configuration %j is refused in one clear line', (config, message) => {
  expect(() => parseSyncConfig(config, '/etc')).toThrow(message);
});

const at = (time: string) => new Date(`2026-03-01T${time}Z`);

test('every hour counts from start to start, and a run that took longer skips the hours it overran', () => {
  const every = parseSchedule({ every: '1h' });
  expect(nextRun(every, undefined, at('10:00:00'))).toEqual(at('10:00:00'));
  expect(nextRun(every, at('10:00:00'), at('10:20:00'))).toEqual(at('11:00:00'));
  expect(nextRun(every, at('10:00:00'), at('12:30:00'))).toEqual(at('13:00:00'));
});

test('a cron pattern gives the next full hour', () => {
  expect(nextRun(parseSchedule({ cron: '0 * * * *' }), undefined, at('10:20:00'))).toEqual(at('11:00:00'));
});

test('once is now and never again', () => {
  expect(nextRun(parseSchedule({}), undefined, at('10:00:00'))).toEqual(at('10:00:00'));
  expect(nextRun(parseSchedule({ once: true }), at('10:00:00'), at('10:01:00'))).toBe(undefined);
});

test.each([
  [{ every: '1 hour' }, '--every must look like 30s, 15m, 1h or 1d, not 1 hour.'],
  [{ every: '0s' }, '--every must look like 30s, 15m, 1h or 1d, not 0s.'],
  [{ cron: 'hourly' }, '--cron cannot be understood: hourly. It has five fields, such as "0 * * * *" for every hour.'],
  [{ every: '1h', once: true }, 'Give one of --every, --cron and --once.'],
])('schedule %j is refused', (flags, message) => {
  expect(() => parseSchedule(flags)).toThrow(message);
});
