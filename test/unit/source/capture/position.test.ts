import { parseLsn } from '@ewallet/postgres';
import { parseTimelineHistory, whyInvalid, type Position } from '../../../../source-ewallet/src/capture/position';
import { sawTransaction } from '../../../../source-ewallet/src/capture/seen-transactions';
import type { Slot } from '../../../../source-ewallet/src/capture/slot';

const slot: Slot = {
  name: 'wallet',
  plugin: 'pgoutput',
  database: 'wallet',
  isTemporary: false,
  activePid: undefined,
  restart: 10n,
  confirmed: 20n,
  walStatus: 'reserved',
  invalidationReason: undefined,
  isFailover: false,
  isSynced: false,
};
const saved: Position = { slot: 'wallet', system: '7', timeline: 1, lsn: 30n };
const server = { system: '7', timeline: 1, flushed: 40n, isStandby: false, timelineEnds: new Map<number, bigint>() };

test('a position between what was confirmed and the log’s end is valid, both ends included', () => {
  for (const lsn of [20n, 30n, 40n]) expect(whyInvalid({ ...saved, lsn }, slot, server)).toBeUndefined();
});

test.each([
  [
    'another slot',
    { ...saved, slot: 'old' },
    slot,
    server,
    'the state is of replication slot old, and the configuration names wallet',
  ],
  [
    'another server',
    { ...saved, system: '6' },
    slot,
    server,
    'the server is another one (system identifier 7, the state is of 6)',
  ],
  [
    'a slot that the server gave up',
    saved,
    { ...slot, restart: undefined, walStatus: 'lost', invalidationReason: 'wal_removed' },
    server,
    'the server invalidated replication slot wallet (invalidation_reason wal_removed): more log was written between two syncs than max_slot_wal_keep_size allows; raise it, or sync more often',
  ],
  [
    'a slot that was idle too long',
    saved,
    { ...slot, invalidationReason: 'idle_timeout' },
    server,
    'the server invalidated replication slot wallet (invalidation_reason idle_timeout): no sync ran for longer than idle_replication_slot_timeout; raise it, or sync more often',
  ],
  [
    'a recreated slot',
    saved,
    { ...slot, confirmed: 31n },
    server,
    'replication slot wallet stands at 0/1F, behind the state’s 0/1E: it was dropped and created again, or something else reads from it',
  ],
  [
    'a restored server',
    { ...saved, lsn: 41n },
    slot,
    server,
    'the server’s log ends at 0/28, before the state’s 0/29: it was restored from a backup',
  ],
  [
    'a failover behind the state',
    saved,
    { ...slot, isFailover: true },
    { ...server, timeline: 2, timelineEnds: new Map([[1, 29n]]) },
    'the server failed over or was restored (timeline 2, the state is of 1) at 0/1D, before the state’s 0/1E: what was read after it may be gone',
  ],
  [
    'a failover without a failover slot',
    saved,
    slot,
    { ...server, timeline: 2, timelineEnds: new Map([[1, 30n]]) },
    'the server failed over or was restored (timeline 2, the state is of 1) and replication slot wallet is not a failover slot, so it may have missed changes',
  ],
])('%s is told from a position that a sync can continue from', (_, position, found, now, message) => {
  expect(whyInvalid(position, found, now)).toBe(message);
});

test('after a failover at or behind the state’s place a sync continues with a failover slot', () => {
  const timelineEnds = parseTimelineHistory('1\t0/1E\tno recovery target specified\n\n2\t0/30\tafter\n', parseLsn);
  expect(timelineEnds).toEqual(
    new Map([
      [1, 0x1en],
      [2, 0x30n],
    ]),
  );
  expect(whyInvalid(saved, { ...slot, isFailover: true }, { ...server, timeline: 3, timelineEnds })).toBeUndefined();
});

test('what a first snapshot saw is decided over the epoch’s edge', () => {
  const epoch = 2n ** 32n;
  const saw = sawTransaction({ snapshot: `${epoch - 2n}:${epoch + 5n}:${epoch - 2n},${epoch + 3n}`, until: 100n });
  const low = (id: bigint): number => Number(id % epoch);
  expect(saw(low(epoch - 3n), 50n)).toBe(true);
  expect(saw(low(epoch - 2n), 50n)).toBe(false); // was running
  expect(saw(low(epoch - 1n), 50n)).toBe(true);
  expect(saw(low(epoch + 3n), 50n)).toBe(false); // was running
  expect(saw(low(epoch + 4n), 50n)).toBe(true);
  expect(saw(low(epoch + 5n), 50n)).toBe(false); // began later
});

test('a transaction that commits behind the snapshot was not seen, whatever its id looks like by then', () => {
  const saw = sawTransaction({ snapshot: '900:905:', until: 100n });
  expect(saw(10, 99n)).toBe(true);
  expect(saw(10, 100n)).toBe(false);
});

test('a standby whose log ends before the state is behind, not restored', () => {
  const saved = { slot: 'wallet', system: '7', timeline: 1, lsn: 50n };
  expect(whyInvalid(saved, slot, server)).toMatch(/it was restored from a backup$/);
  expect(whyInvalid(saved, slot, { ...server, isStandby: true })).toBeUndefined();
});
