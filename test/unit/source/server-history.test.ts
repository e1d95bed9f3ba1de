import { isDoubtful, trusted, type Snapshot } from '../../../source-ewallet/src/snapshot';
import { formatStreamState, parseStreamState, type StreamState } from '../../../source-ewallet/src/stream-state';

const saved: Snapshot = {
  server: { system: '7', timeline: 1, started: 'on Monday' },
  below: 100n,
  next: 120n,
  seen: [
    [101n, 103n],
    [110n, 115n],
    [118n, 118n],
  ],
  files: new Map([[1, 10]]),
  witnesses: [{ table: 1, place: '(0,7)', xid: 118n, digest: '-42' }],
};

test.each([
  ['the same start', { ...saved.server }, false],
  ['another start', { ...saved.server, started: 'on Tuesday' }, true],
  ['a server that does not say', { ...saved.server, started: undefined }, false],
])('a snapshot is in doubt after another start of the server: %s', (_, now, isInDoubt) => {
  expect(isDoubtful(saved, now)).toBe(isInDoubt);
});

test.each([
  ['above all that was seen: nothing is asked again', 119n, { below: 100n, seen: saved.seen }],
  ['inside a range: its later part is new', 112n, { below: 100n, seen: [saved.seen[0], [110n, 112n]] }],
  ['below the snapshot: all after it is new', 40n, { below: 41n, seen: [] }],
])('what a proven transaction leaves of a snapshot, %s', (_, proven, left) => {
  expect(trusted(saved, proven)).toEqual({ ...saved, ...left });
});

test('a witness from the making of the cluster proves nothing, so everything is new', () => {
  expect(trusted(saved, 1n)).toBeUndefined();
});

const state = (since: Snapshot): StreamState => ({
  mode: 'incremental',
  isComplete: true,
  generationId: undefined,
  cursorField: 'updated_at',
  cursor: '2026-01-02 03:04:05+00',
  rules: [{ since, from: undefined }],
});

test('the start of the server and the witnesses are the same after they went through JSON', () => {
  const json = JSON.parse(JSON.stringify(formatStreamState(state(saved)))) as Record<string, unknown>;
  expect(json.snapshot).toEqual({
    system: '7',
    timeline: 1,
    started: 'on Monday',
    below: '100',
    next: '120',
    seen: ['101-103', '110-115', '118'],
    tables: { 1: 10 },
    witnesses: [{ table: 1, place: '(0,7)', xid: '118', digest: '-42' }],
  });
  expect(parseStreamState(json, 'public.t')).toEqual(state(saved));
});

test('the states of the first versions, without the start of the server and without witnesses, go on as they are', () => {
  const first = {
    version: 1,
    mode: 'incremental',
    complete: true,
    cursor_field: 'updated_at',
    cursor: '2026-01-02 03:04:05+00',
    snapshot: { system: '7', timeline: 1, below: '100', next: '120', seen: ['101-103'], tables: { '1': 10 } },
  };
  const parsed = parseStreamState(first, 'public.t');
  const { started, ...server } = saved.server;
  expect(parsed).toEqual(
    state({ ...saved, server: { ...server, started: undefined }, seen: [[101n, 103n]], witnesses: [] }),
  );
  expect(isDoubtful(parsed.rules[0]?.since ?? saved, { ...server, started })).toBe(false);
});

test.each([
  [{ table: 1, place: '(0,7)) or (true', xid: '118', digest: '1' }],
  [{ table: 1, place: '(0,7)', xid: 118, digest: '1' }],
  [{ table: '1', place: '(0,7)', xid: '118', digest: '1' }],
  [{ table: 1, place: '(0,7)', xid: '118' }],
])('a damaged witness is refused, as it would become SQL: %j', (witness) => {
  const json = formatStreamState(state(saved));
  const damaged = { ...json, snapshot: { ...(json.snapshot as object), witnesses: [witness] } };
  expect(() => parseStreamState(damaged, 'public.t')).toThrow(
    'The state of stream public.t is damaged: reset the stream to read it again from the start.',
  );
});
