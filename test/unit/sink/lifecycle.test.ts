import { Failure } from '@ewallet/failure';
import {
  afterwards,
  BEGINNING,
  standsOn,
  type Happening,
  type Lifecycle,
  type Reach,
  type SinkState,
  type Wish,
} from '../../../sink-warehouse/src/run/lifecycle';

const transient = Failure.transient('Kafka: away.');
const hopeless = Failure.config('Kafka refused: wrong password.');
const patience = { now: 5000, retryTimeoutMs: undefined };

const states = {
  connecting: { kind: 'connecting' },
  joining: { kind: 'joining' },
  landing: { kind: 'landing' },
  paused: { kind: 'paused' },
  'waiting to connect': { kind: 'waiting', then: 'connecting', waitMs: 250, failure: transient },
  'waiting to join': { kind: 'waiting', then: 'joining', waitMs: 250, failure: transient },
  'waiting to land': { kind: 'waiting', then: 'landing', waitMs: 250, failure: transient },
} satisfies Record<string, SinkState>;
type Name = keyof typeof states;
const NAMES = Object.keys(states) as Name[];

const life = (state: SinkState, wish: Wish = 'run'): Lifecycle => ({ ...BEGINNING, state, wish });
const after = (name: Name, wish: Wish, happening: Happening) =>
  afterwards(life(states[name], wish), happening, patience).state;
const fault = (reach: Reach, failure = transient): Happening => ({ kind: 'fault', failure, reach });
const waiting = (then: 'connecting' | 'joining' | 'landing') => ({
  kind: 'waiting',
  then,
  waitMs: 250,
  failure: transient,
});

test('a sink begins with a connection to Kafka', () => {
  expect(BEGINNING).toEqual({
    state: { kind: 'connecting' },
    wish: 'run',
    backoffMs: 250,
    failingSince: undefined,
  });
});

// state, what follows while it is wanted to run, what follows while it is wanted paused
test.each<[Name, string, string]>([
  ['connecting', 'joining', 'joining'],
  ['joining', 'landing', 'paused'],
  ['landing', 'landing', 'paused'],
  ['paused', 'landing', 'paused'],
  ['waiting to connect', 'connecting', 'connecting'],
  ['waiting to join', 'joining', 'joining'],
  ['waiting to land', 'landing', 'paused'],
])('%s, done: then %s, and %s while it is wanted paused', (name, running, paused) => {
  expect(after(name, 'run', { kind: 'done' })).toEqual({ kind: running });
  expect(after(name, 'pause', { kind: 'done' })).toEqual({ kind: paused });
});

test.each(NAMES)('%s: an old share is asked for again at once', (name) => {
  expect(after(name, 'run', { kind: 'outdated' })).toEqual({ kind: 'joining' });
  expect(after(name, 'pause', { kind: 'outdated' })).toEqual({ kind: 'joining' });
});

test.each(NAMES)('%s: a fault leads back as far as it reached, after a rest', (name) => {
  expect(after(name, 'run', fault('session'))).toEqual(waiting('landing'));
  expect(after(name, 'run', fault('share'))).toEqual(waiting('joining'));
  expect(after(name, 'run', fault('connection'))).toEqual(waiting('connecting'));
});

test.each(NAMES)('%s: a fault that no retry cures ends the sink with its cause', (name) => {
  expect(after(name, 'run', fault('session', hopeless))).toEqual({ kind: 'failed', failure: hopeless });
  expect(after(name, 'pause', fault('connection', hopeless))).toEqual({ kind: 'failed', failure: hopeless });
});

test.each(NAMES)('%s: whatever happens to a sink that is wanted stopped stops it, a fault too', (name) => {
  const happenings: readonly Happening[] = [
    { kind: 'done' },
    { kind: 'outdated' },
    fault('session'),
    fault('connection', hopeless),
  ];
  for (const happening of happenings) expect(after(name, 'stop', happening)).toEqual({ kind: 'stopped' });
});

test.each(NAMES)('%s: a wish and a commit change nothing that is being done', (name) => {
  expect(after(name, 'run', { kind: 'wished', wish: 'pause' })).toEqual(states[name]);
  expect(after(name, 'run', { kind: 'wished', wish: 'stop' })).toEqual(states[name]);
  expect(after(name, 'run', { kind: 'committed' })).toEqual(states[name]);
});

test('who is wanted stopped cannot be wanted otherwise again', () => {
  const stopped = afterwards(BEGINNING, { kind: 'wished', wish: 'stop' }, patience);
  expect(afterwards(stopped, { kind: 'wished', wish: 'run' }, patience)).toEqual({ ...BEGINNING, wish: 'stop' });
  const paused = afterwards(BEGINNING, { kind: 'wished', wish: 'pause' }, patience);
  expect(afterwards(paused, { kind: 'wished', wish: 'run' }, patience)).toEqual(BEGINNING);
});

test('rests double up to ten seconds, and a commit makes them short again', () => {
  const rests: number[] = [];
  let now = BEGINNING;
  for (let tries = 0; tries < 8; tries += 1) {
    now = afterwards(now, fault('connection'), patience);
    if (now.state.kind === 'waiting') rests.push(now.state.waitMs);
    now = afterwards(now, { kind: 'done' }, patience);
  }
  expect(rests).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  expect(afterwards(now, { kind: 'committed' }, patience)).toEqual(BEGINNING);
});

test('faults since the last commit end the sink once they last longer than errors.retry.timeout', () => {
  const at = (now: number) => ({ now, retryTimeoutMs: 60_000 });
  const first = afterwards(BEGINNING, fault('session'), at(1000));
  expect(afterwards(first, fault('session'), at(61_000)).state.kind).toBe('waiting');
  expect(afterwards(first, fault('session'), at(61_001)).state).toEqual({ kind: 'failed', failure: transient });
  const committed = afterwards(first, { kind: 'committed' }, at(2000));
  expect(afterwards(committed, fault('session'), at(61_001)).state.kind).toBe('waiting');
});

test.each<[Name, string]>([
  ['connecting', 'nothing'],
  ['joining', 'connection'],
  ['landing', 'share'],
  ['paused', 'share'],
  ['waiting to connect', 'nothing'],
  ['waiting to join', 'connection'],
  ['waiting to land', 'share'],
])('%s keeps open: %s', (name, ground) => {
  expect(standsOn(states[name])).toBe(ground);
});

test('a sink that is over keeps nothing open', () => {
  expect(standsOn({ kind: 'stopped' })).toBe('nothing');
  expect(standsOn({ kind: 'failed', failure: hopeless })).toBe('nothing');
});
