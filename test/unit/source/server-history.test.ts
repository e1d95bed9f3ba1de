import { doubtOf, trusted, type Snapshot } from '../../../source-ewallet/src/position/snapshot';
import {
  formatStreamState,
  parseStreamState,
  type StreamState,
} from '../../../source-ewallet/src/position/stream-state';
import { proofOf } from '../../../source-ewallet/src/read/witness';

const saved: Snapshot = {
  server: { system: '7', database: '5', version: 17, timeline: 1, started: 'on Monday' },
  lsn: 0x1_0000_2000n,
  below: 100n,
  next: 120n,
  seen: [
    [101n, 103n],
    [110n, 115n],
    [118n, 118n],
  ],
  files: new Map([[1, 10]]),
  witnesses: [{ table: 1, place: '(0,7)', xid: 118n, digest: '-42' }],
  digestColumns: ['id', 'amount'],
};

test.each([
  ['as it was', [[118n, 'as it was']], { xid: 118n, isFork: false, isNewest: true }],
  [
    'written again since',
    [
      [118n, 'gone'],
      [112n, 'as it was'],
    ],
    { xid: 112n, isFork: false, isNewest: false },
  ],
  ['of which none is there', [[118n, 'gone']], undefined],
  [
    'of another history from 115 on',
    [
      [118n, 'as it was'],
      [115n, 'another'],
      [112n, 'as it was'],
    ],
    { xid: 112n, isFork: true, isNewest: false },
  ],
  [
    'of another history from the start',
    [
      [118n, 'as it was'],
      [3n, 'another'],
    ],
    undefined,
  ],
  ['none saved', [], undefined],
] as const)('up to where witnesses prove the history: %s', (_, answers, proven) => {
  expect(proofOf(answers.map(([xid, kind]) => ({ xid, kind })))).toEqual(proven);
});

test.each([
  ['above all that was seen: nothing is asked again', 119n, { below: 100n, seen: saved.seen }],
  ['inside a range: its later part is new', 112n, { below: 100n, seen: [saved.seen[0], [110n, 112n]] }],
  ['below the snapshot: all after it is new', 40n, { below: 41n, seen: [] }],
])('what a proven transaction leaves of a snapshot, %s', (_, proven, left) => {
  const server = { ...saved.server, started: 'on Tuesday' };
  expect(trusted(saved, proven, server)).toEqual({ ...saved, ...left, server });
});

test('a witness from the making of the cluster proves nothing, so everything is new', () => {
  expect(trusted(saved, 1n, saved.server)).toBeUndefined();
});

const state = (since: Snapshot): StreamState => ({
  mode: 'incremental',
  isComplete: true,
  generationId: undefined,
  cursorField: 'updated_at',
  cursor: '2026-01-02 03:04:05+00',
  columns: new Map([['amount', { number: 2, type: 'array of char' }]]),
  rules: [{ since, from: undefined }],
});

test('the start of the server and the witnesses are the same after they went through JSON', () => {
  const json = JSON.parse(JSON.stringify(formatStreamState(state(saved)))) as Record<string, unknown>;
  expect(json.columns).toEqual({ amount: [2, 'array of char'] });
  expect(json.snapshot).toEqual({
    system: '7',
    database: '5',
    server_version: 17,
    timeline: 1,
    started: 'on Monday',
    lsn: '1/2000',
    below: '100',
    next: '120',
    seen: ['101-103', '110-115', '118'],
    tables: { 1: 10 },
    witnesses: [{ table: 1, place: '(0,7)', xid: '118', digest: '-42' }],
    digest_columns: ['id', 'amount'],
  });
  expect(parseStreamState(json, 'public.t')).toEqual(state(saved));
});

test('the states of the first versions, without the start of the server and without witnesses, continue as they are', () => {
  const first = {
    version: 1,
    mode: 'incremental',
    complete: true,
    cursor_field: 'updated_at',
    cursor: '2026-01-02 03:04:05+00',
    snapshot: { system: '7', timeline: 1, below: '100', next: '120', seen: ['101-103'], tables: { '1': 10 } },
  };
  const parsed = parseStreamState(first, 'public.t');
  const server = { ...saved.server, started: undefined, database: undefined, version: undefined };
  expect(parsed).toEqual({
    ...state({ ...saved, server, lsn: undefined, seen: [[101n, 103n]], witnesses: [], digestColumns: undefined }),
    columns: undefined,
  });
  expect(
    doubtOf(parsed.rules[0]?.since ?? saved, {
      server: saved.server,
      next: 120n,
      replayed: undefined,
      upgradedAt: undefined,
    }),
  ).toBeUndefined();
});

test.each([
  [{ table: 1, place: '(0,7)) or (true', xid: '118', digest: '1' }],
  [{ table: 1, place: '(0,7)', xid: 118, digest: '1' }],
  [{ table: '1', place: '(0,7)', xid: '118', digest: '1' }],
  [{ table: 1, place: '(0,7)', xid: '118' }],
  [{ table: 1, place: '(0,7)', xid: '118', digest: "1}') or (true" }],
])('a damaged witness is refused, as it would become SQL: %j', (witness) => {
  const json = formatStreamState(state(saved));
  const damaged = { ...json, snapshot: { ...(json.snapshot as object), witnesses: [witness] } };
  expect(() => parseStreamState(damaged, 'public.t')).toThrow(
    'The state of stream public.t is damaged: reset the stream to read it again from the start.',
  );
});
