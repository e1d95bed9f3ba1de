import fc from 'fast-check';
import { fullXid } from '@ewallet/postgres';
import { doubtOf, whyTooOld } from '../../../source-ewallet/src/position/snapshot';
import { server, snapshot } from '../../support/source/snapshots';

describe('transaction ids in 64 bits', () => {
  const epoch = 2n ** 32n;

  test.each([
    [100n, 200n, 100n],
    [4_294_967_295n, epoch + 5n, epoch - 1n], // written just before the counter went round
    [4n, epoch + 5n, epoch + 4n],
    [5n, epoch + 5n, 5n], // the snapshot ends here, so this is a row of the round before
    [3n, 7n * epoch + 3n, 6n * epoch + 3n],
    [2n, 7n * epoch + 3n, 2n], // frozen by an old server: older than everything
  ])('xmin %s under a snapshot that ends at %s is %s', (xmin, next, full) => {
    expect(fullXid(xmin, next)).toBe(full);
  });

  test('every id of the last 2^32 before the snapshot is found again from its low 32 bits', () => {
    fc.assert(
      fc.property(fc.bigInt(epoch, 50n * epoch), fc.bigInt(1n, epoch - 4n), (next, age) => {
        const full = next - age;
        fc.pre((full & 0xffff_ffffn) >= 3n);
        expect(fullXid(full & 0xffff_ffffn, next)).toBe(full);
      }),
    );
  });
});

describe('a saved snapshot of what may be another history is doubted with its reason', () => {
  const saved = snapshot(1000n, 1010n);
  const PROMOTED = 'the server was restored from a backup or failed over (timeline 2, the state is of 1)';
  test.each([
    ['the same server, later', { server, next: 2000n }, undefined],
    [
      'another cluster, which proves nothing',
      { server: { ...server, system: '8' }, next: 2000n },
      ['the server is another one (system identifier 8, the state is of 7)', 'another', 'unprovable', 'if it forks'],
    ],
    [
      'a cluster made by pg_upgrade',
      { server: { ...server, system: '8', version: 19 }, next: 2000n, upgradedAt: 1010n },
      ['the server is another one (system identifier 8, the state is of 7)', 'another', 'provable', 'if it forks'],
    ],
    [
      'a cluster made by pg_upgrade from a copy of an earlier time',
      { server: { ...server, system: '8', version: 19 }, next: 2000n, upgradedAt: 1009n },
      ['the server is another one (system identifier 8, the state is of 7)', 'another', 'provable', 'perhaps'],
    ],
    [
      'another database of the server',
      { server: { ...server, database: '16999' }, next: 2000n },
      [
        'the database is another one (oid 16999, the state is of 16384)',
        'another',
        'provable',
        'unless the newest stands',
      ],
    ],
    [
      'another database of a server that went back in time',
      { server: { ...server, database: '16999', timeline: 2 }, next: 2000n },
      ['the database is another one (oid 16999, the state is of 16384)', 'another', 'provable', 'perhaps'],
    ],
    [
      'a promoted standby',
      { server: { ...server, timeline: 2 }, next: 2000n },
      [PROMOTED, 'the same', 'provable', 'perhaps'],
    ],
    [
      'a promoted standby that had all that the state covers',
      { server: { ...server, timeline: 2 }, next: 2000n, replayed: 0x2000n },
      [PROMOTED, 'the same', 'provable', 'never'],
    ],
    [
      'a promoted standby that lacked a byte of it',
      { server: { ...server, timeline: 2 }, next: 2000n, replayed: 0x1fffn },
      [PROMOTED, 'the same', 'provable', 'perhaps'],
    ],
    [
      'a timeline further, which need not have begun on the state’s',
      { server: { ...server, timeline: 3 }, next: 2000n, replayed: 0x2000n },
      [PROMOTED.replace('timeline 2', 'timeline 3'), 'the same', 'provable', 'perhaps'],
    ],
    [
      'an older backup',
      { server: { ...server, started: 'now' }, next: 1009n },
      [
        'the server was restored from a backup (its next transaction is 1009, the state knows 1010)',
        'the same',
        'provable',
        'perhaps',
      ],
    ],
    [
      'fewer transactions without a start in between, as after a crash with synchronous_commit = off',
      { server, next: 1009n },
      [
        'the server was restored from a backup (its next transaction is 1009, the state knows 1010)',
        'the same',
        'provable',
        'unless the newest stands',
      ],
    ],
    [
      'another start',
      { server: { ...server, started: 'now' }, next: 2000n },
      [
        'the server was started again (now), so it may be a copy of an earlier time',
        'the same',
        'provable',
        'if it forks',
      ],
    ],
    [
      'a server that says nothing about itself',
      {
        server: { system: undefined, database: undefined, version: undefined, timeline: undefined, started: undefined },
        next: 2000n,
      },
      undefined,
    ],
  ])('%s', (_, now, told) => {
    const doubt = doubtOf(saved, { replayed: undefined, upgradedAt: undefined, ...now });
    expect(
      doubt && [
        doubt.why,
        doubt.isAnother ? 'another' : 'the same',
        doubt.isProvable ? 'provable' : 'unprovable',
        doubt.undone,
      ],
    ).toEqual(told);
  });

  test.each([
    [1000n + 2n ** 31n, 'the state is too old: 2147483648 transactions since, of at most 2^31'],
    [999n + 2n ** 31n, undefined],
  ])('at transaction %s the age of the state is judged', (next, reason) => {
    expect(whyTooOld(saved, next)).toBe(reason);
  });
});
