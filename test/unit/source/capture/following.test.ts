import { Acknowledgements } from '../../../../source-ewallet/src/capture/acknowledgements';
import { Following, lag } from '../../../../source-ewallet/src/capture/following';
import { formatPosition } from '../../../../source-ewallet/src/capture/capture-state';

const stateAt = (lsn: bigint): Parameters<Acknowledgements['take']>[0] => ({
  streams: [],
  shared: formatPosition({ slot: 'wallet', system: undefined, timeline: undefined, lsn }),
});

async function* none(): AsyncGenerator<never> {
  // No state comes back.
}

const standing = { records: 1, position: 200n, lastState: 0, isAnswerWanted: false };

test('what is safe is the newest state that came back, and each covers those before it', () => {
  const acknowledgements = new Acknowledgements(100n);
  acknowledgements.gave(110n, 1n);
  acknowledgements.gave(120n, 2n);
  acknowledgements.gave(130n, 3n);
  expect(acknowledgements.position).toBe(100n);
  acknowledgements.take(stateAt(120n));
  expect(acknowledgements).toMatchObject({ position: 120n, outstanding: 1, oldest: 3n });
  // A state of before the stream, as the first copy gives them, moves nothing back.
  acknowledgements.take(stateAt(100n));
  expect(acknowledgements.position).toBe(120n);
});

test('a state that was never given is refused: what lies before it may not be safe', () => {
  const acknowledgements = new Acknowledgements(0x100n);
  acknowledgements.gave(0x110n, undefined);
  expect(() => {
    acknowledgements.take(stateAt(0x111n));
  }).toThrow('A state with 0/111 came back as safe, and the last one given is 0/110.');
});

test('a destination that takes nothing is given four states and no more', () => {
  const acknowledgements = new Acknowledgements(0n);
  const following = new Following(acknowledgements, none(), 0);
  for (let given = 1n; given <= 4n; given += 1n) {
    expect(following.isStateDue(standing, 1_000, 50)).toBe(true);
    acknowledgements.gave(given, undefined);
  }
  expect(following.isStateDue(standing, 1_000, 1_000_000)).toBe(false);
  expect(following.wait(standing, 1_000_000)).toBe(50);
  acknowledgements.take(stateAt(2n));
  expect(following.isStateDue(standing, 1_000, 1_000_000)).toBe(true);
});

test('states come 50 ms apart with records, 10 s apart without, and at once for a server that shuts down', () => {
  const following = new Following(new Acknowledgements(100n), none(), 0);
  const idle = { ...standing, records: 0 };
  expect(following.isStateDue(standing, 1_000, 49)).toBe(false);
  expect(following.isStateDue(standing, 1_000, 50)).toBe(true);
  expect(following.isStateDue({ ...standing, records: 1_000 }, 1_000, 1)).toBe(true);
  expect(following.isStateDue(idle, 1_000, 9_999)).toBe(false);
  expect(following.isStateDue(idle, 1_000, 10_000)).toBe(true);
  expect(following.isStateDue({ ...idle, position: 100n }, 1_000, 10_000)).toBe(false);
  expect(following.isStateDue({ ...idle, isAnswerWanted: true }, 1_000, 1)).toBe(true);
});

test('lag is counted from what is safe, never below nothing', () => {
  expect(lag(1_000n, 400n, 5_000_000n, 3_500_000n)).toEqual({ bytes: 600, seconds: 1.5 });
  expect(lag(400n, 1_000n, 5_000_000n, 6_000_000n)).toEqual({ bytes: 0, seconds: 0 });
  expect(lag(400n, 400n, 5_000_000n, undefined)).toEqual({ bytes: 0, seconds: 0 });
});
