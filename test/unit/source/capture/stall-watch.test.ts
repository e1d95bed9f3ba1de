import { Failure } from '@ewallet/failure';
import { failedLook, senderLook } from '../../../../source-ewallet/src/capture/sender-look';
import { StallWatch, type SenderLook } from '../../../../source-ewallet/src/capture/stall-watch';

/** A watch whose looks are answered by hand. */
function watched(): {
  readonly watch: StallWatch;
  readonly answer: (found: SenderLook) => Promise<void>;
  looks: number;
} {
  let give: (found: SenderLook) => void = () => undefined;
  const state = {
    looks: 0,
    watch: new StallWatch({
      slot: 'ewallet',
      silence: 60_000,
      look: () => {
        state.looks += 1;
        return new Promise((resolve) => (give = resolve));
      },
    }),
    answer: async (found: SenderLook) => {
      give(found);
      await state.watch.end();
    },
  };
  return state;
}

test('the first look comes ten seconds into a stall, and the next ten seconds after it', async () => {
  const state = watched();
  const { watch, answer } = state;
  const at = (now: number): number => {
    expect(watch.check(1_000, now)).toBeUndefined();
    return state.looks;
  };
  expect([at(2_000), at(10_999), at(11_000), at(30_000)]).toEqual([0, 0, 1, 1]);
  await answer({ kind: 'sending' });
  expect([at(20_999), at(21_000)]).toEqual([1, 2]);
});

test.each([
  [
    { kind: 'ending', isLogRemoved: true },
    'The server ended the replication connection, as slot ewallet is further behind than max_slot_wal_keep_size allows: the destination has taken nothing for a while. Look at why it stalls, and raise the setting to what the disk can spare.',
  ],
  [
    { kind: 'ending', isLogRemoved: false },
    'The server ended the replication connection of slot ewallet while the destination took nothing: look at why it stalls.',
  ],
  [{ kind: 'closing', why: Failure.transient('It shuts down.') }, 'It shuts down.'],
] as const)('a stream that the server ends is given up: %j', async (found, message) => {
  const { watch, answer } = watched();
  watch.check(0, 10_000);
  await answer(found);
  const givenUp = watch.check(0, 11_000);
  expect([givenUp?.failure.kind, givenUp?.failure.message, givenUp?.isSilent]).toEqual([
    'transient_error',
    message,
    false,
  ]);
});

test('a server counts as frozen a minute after the first look that got no answer; any answer begins it again', async () => {
  const { watch, answer } = watched();
  watch.check(0, 10_000);
  await answer({ kind: 'silent' });
  watch.check(0, 50_000);
  await answer({ kind: 'unknown' });
  watch.check(0, 65_000);
  await answer({ kind: 'silent' });
  expect(watch.check(0, 125_000)).toBeUndefined();
  const givenUp = watch.check(0, 125_001);
  expect([givenUp?.failure.message, givenUp?.isSilent]).toEqual([
    'The server has been silent on the replication connection for 125 s.',
    true,
  ]);
});

test('what was found of a stall that is over ends no later one', async () => {
  const { watch, answer } = watched();
  watch.check(0, 10_000);
  watch.check(11_000, 11_500);
  await answer({ kind: 'ending', isLogRemoved: true });
  expect(watch.check(11_000, 12_000)).toBeUndefined();
});

test.each([
  [{ status: 'reserved', waits: 'WalSenderWriteData', pid: 7 }, { kind: 'sending' }],
  [{ status: 'unreserved', waits: 'WalSenderWriteData', pid: 7 }, { kind: 'sending' }],
  [{ status: 'reserved', waits: null, pid: 7 }, { kind: 'sending' }],
  [
    { status: 'unreserved', waits: 'ClientWrite', pid: 7 },
    { kind: 'ending', isLogRemoved: true },
  ],
  [
    { status: 'extended', waits: 'ClientWrite', pid: 7 },
    { kind: 'ending', isLogRemoved: false },
  ],
  [
    { status: 'lost', waits: null, pid: null },
    { kind: 'ending', isLogRemoved: true },
  ],
  [undefined, { kind: 'ending', isLogRemoved: false }],
] as const)('the slot and its sender as %j are %j', (row, found) => {
  expect(senderLook(row)).toEqual(found);
});

const coded = (code: string): Error => Object.assign(new Error('it failed'), { code });

test.each([
  ['shuts down', 'closing', coded('57P03')],
  ['ends the session', 'closing', coded('57P01')],
  ['is gone', 'closing', new Failure('transient_error', { message: 'No.', cause: coded('ECONNREFUSED') })],
  ['has no connection left', 'unknown', coded('53300')],
  ['refuses the password', 'unknown', coded('28P01')],
  ['does not answer in time', 'silent', new Error('timeout expired')],
  ['cuts the connection', 'silent', coded('ECONNRESET')],
])('a look at a server that %s finds it %s', (_what, kind, error) => {
  expect(failedLook(error).kind).toBe(kind);
});
