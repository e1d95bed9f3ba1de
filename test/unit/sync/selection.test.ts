import { parseSyncConfig } from '../../../sync/src/config';
import { parseSchedule, planRun, remaining, replan, type Moment, type Plan } from '../../../sync/src/schedule';
import { configureCatalog, type Discovered, type StreamSelection } from '../../../sync/src/selection';

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
const offering = (...streams: readonly object[]): Discovered => ({ catalog: { streams }, warnings: [] });

const select = (
  streams: readonly StreamSelection[] | undefined,
  known: readonly string[] = [],
  except: string[] = [],
) => configureCatalog(offering(users, audit, report), { streams, except }, known, 7);

test('without a selection every stream is synced as incrementally as it can be', () => {
  expect(select(undefined)).toEqual({
    vanished: [],
    reasons: [],
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
  expect(() => select(selections)).toThrow(message);
});

test.each([
  [{}, '`source` must be a JSON object.'],
  [{ sorce: {} }, 'Unknown key `sorce`: did you mean `source`?'],
  [{ source: {} }, '`source` needs either `config` or `config_file`.'],
  [{ source: { config: {}, image: 'a', command: 'b' } }, '`source` has both `command` and `image`: choose one.'],
  [
    { source: { config: {} }, destination: { config: {} }, streams: [] },
    '`streams` must be a list with something in it.',
  ],
  [
    { source: { config: {} }, destination: { config: {} }, streams: ['a'], except: ['b'] },
    '`streams` and `except` are both given: name what to take, or what to leave out.',
  ],
  [{ source: { config: {} }, destination: { config: {} }, retries: -1 }, '`retries` must be a number from 0 up.'],
])('configuration %j is refused in one clear line', (config, message) => {
  expect(() => parseSyncConfig(config, '/etc/sync.json')).toThrow(message);
});

const at = (time: string) => new Date(`2026-03-01T${time}Z`);

const MINUTE = 60_000;
/** The wall's clock and minutes that were counted: they differ where somebody set the clock. */
const moment = (time: string, minutes: number): Moment => ({ wall: at(time), counted: minutes * MINUTE });
/** Minutes until the plan is due, at another moment. */
const wait = (plan: Plan | undefined, now: Moment): number | undefined => {
  const again = plan === undefined ? undefined : replan(plan, now);
  return again === undefined ? undefined : remaining(again, now) / MINUTE;
};

test('every hour counts from start to start, and a run that took longer skips the hours it overran', () => {
  const every = parseSchedule({ every: '1h' });
  const started = moment('10:00:00', 0);
  const planned = (now: Moment) => wait(planRun(every, started, now), now);
  expect(wait(planRun(every, undefined, started), started)).toBe(0);
  expect(planned(moment('10:20:00', 20))).toBe(40);
  expect(planned(moment('12:30:00', 150))).toBe(30);
});

test('a period is counted, so that a clock set back or forth makes nobody wait longer', () => {
  const plan = planRun(parseSchedule({ every: '1h' }), moment('10:00:00', 0), moment('10:20:00', 20));
  expect(wait(plan, moment('04:30:00', 30))).toBe(30);
  expect(wait(plan, moment('04:59:59', 60))).toBe(0);
  expect(wait(plan, moment('15:00:00', 30))).toBeLessThanOrEqual(0);
});

test('a cron pattern gives the next full hour, and again where the clock was set back', () => {
  const cron = parseSchedule({ cron: '0 * * * *' });
  const plan = planRun(cron, undefined, moment('10:20:00', 0));
  expect(wait(plan, moment('10:20:00', 0))).toBe(40);
  expect(wait(plan, moment('11:00:00', 40))).toBe(0);
  expect(wait(plan, moment('13:00:00', 5))).toBeLessThanOrEqual(0);
  expect(wait(plan, moment('04:50:00', 5))).toBe(10);
});

test('a period longer than a timer holds is waited for to its end', () => {
  const plan = planRun(parseSchedule({ every: '30d' }), moment('10:00:00', 0), moment('10:00:00', 0));
  expect(wait(plan, moment('10:00:00', 0))).toBe(30 * 24 * 60);
});

test('once is now and never again', () => {
  const now = moment('10:00:00', 0);
  expect(wait(planRun(parseSchedule({}), undefined, now), now)).toBe(0);
  expect(planRun(parseSchedule({ once: true }), now, moment('10:01:00', 1))).toBe(undefined);
});

const gone = (
  names: string,
  its: string,
  it: string,
  tables: string,
  isOrAre: string,
  remedy: string,
  others: string,
) =>
  `${names} synced before and the source no longer offers ${it}: ${its} ${tables} dropped or renamed, the role lost SELECT on ${it} or USAGE on ${its} schema, or the source's \`schemas\` changed; ${others}. Bring ${it} back, or, where ${isOrAre} to stay away, ${remedy}.`;

test('a stream that was synced before and is no longer offered has vanished, until it is excepted', () => {
  const known = ['public.users', 'public.gone', 'public.lost'];
  expect(select(undefined, known).vanished).toEqual(['public.gone', 'public.lost']);
  expect(select(undefined, known, ['gone', 'public.lost', 'report'])).toMatchObject({
    streams: [{ stream: users }, { stream: audit }],
    vanished: [],
  });
  expect(select([{ name: 'users' }, { name: 'gone' }], known)).toMatchObject({
    streams: [{ stream: users }],
    vanished: ['public.gone'],
  });
  expect(select([{ name: 'users' }], known).vanished).toEqual([]);
});

test('where every stream has vanished nothing is synced, and each is named', () => {
  expect(() => configureCatalog(offering(), { streams: undefined, except: [] }, ['a.x', 'a.y'], 1)).toThrow(
    gone(
      'Streams a.x, a.y were',
      'their',
      'them',
      'tables were',
      'they are',
      'name them in `except`',
      'no stream is left to sync',
    ),
  );
  expect(() => configureCatalog(offering(), { streams: [{ name: 'x' }], except: [] }, ['a.x'], 1)).toThrow(
    gone('Stream a.x was', 'its', 'it', 'table was', 'it is', 'take it out of `streams`', 'no stream is left to sync'),
  );
});

test('what the source says of a stream that vanished is added, and not what it says of others', () => {
  const grant = 'Table a.x is left out: GRANT SELECT ON "a"."x" TO "reader";';
  const discovered = {
    catalog: { streams: [] },
    warnings: [grant, 'Table a.x_old is left out.', 'Table a.x.y is left out.', 'Table b.x is left out.'],
  };
  expect(() => configureCatalog(discovered, { streams: undefined, except: [] }, ['a.x'], 1)).toThrow(
    `Bring it back, or, where it is to stay away, name it in \`except\`. The source says: ${grant}`,
  );
});

test.each([
  [{ every: '1 hour' }, '--every must look like 30s, 15m, 1h or 1d, not 1 hour.'],
  [{ every: '0s' }, '--every must look like 30s, 15m, 1h or 1d, not 0s.'],
  [{ cron: 'hourly' }, '--cron cannot be understood: hourly. It has five fields, such as "0 * * * *" for every hour.'],
  [{ every: '1h', once: true }, 'Give one of --every, --cron and --once.'],
])('schedule %j is refused', (flags, message) => {
  expect(() => parseSchedule(flags)).toThrow(message);
});
