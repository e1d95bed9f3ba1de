import fc from 'fast-check';
import { parseArrayText } from '../../../source-ewallet/src/copy/array-text';
import { blockSteps } from '../../../source-ewallet/src/read/block-steps';
import { recordEncoder } from '../../../source-ewallet/src/copy/record-encoder';
import { doubtOf, fullXid, whyTooOld, type Snapshot } from '../../../source-ewallet/src/position/snapshot';
import { parseSourceConfig } from '../../../source-ewallet/src/config/source-config';
import { formatStreamState, parseStreamState } from '../../../source-ewallet/src/position/stream-state';
import { everything, rulesAfterStop, rulesForTable } from '../../../source-ewallet/src/position/resume-rules';
import { formatRanges, parseRanges, rangesOf } from '../../../source-ewallet/src/position/xid-ranges';

const server = { system: '7', database: '16384', version: 18, timeline: 1, started: 'then' };
const snapshot = (below: bigint, next: bigint, files: [number, number][] = [[1, 10]]): Snapshot => ({
  server,
  below,
  next,
  seen: [],
  files: new Map(files),
  witnesses: [{ table: 1, place: '(0,1)', xid: 9n, digest: '5' }],
  digestColumns: ['id'],
});

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
  test.each([
    ['the same server, later', { server, next: 2000n }, undefined],
    [
      'another cluster, which proves nothing',
      { server: { ...server, system: '8' }, next: 2000n },
      ['the server is another one (system identifier 8, the state is of 7)', 'another', 'unprovable'],
    ],
    [
      'a cluster made by pg_upgrade',
      { server: { ...server, system: '8', version: 19 }, next: 2000n },
      ['the server is another one (system identifier 8, the state is of 7)', 'another', 'provable'],
    ],
    [
      'another database of the server',
      { server: { ...server, database: '16999' }, next: 2000n },
      ['the database is another one (oid 16999, the state is of 16384)', 'another', 'provable'],
    ],
    [
      'a promoted standby',
      { server: { ...server, timeline: 2 }, next: 2000n },
      ['the server was restored from a backup or failed over (timeline 2, the state is of 1)', 'the same', 'provable'],
    ],
    [
      'an older backup',
      { server, next: 1009n },
      [
        'the server was restored from a backup (its next transaction is 1009, the state knows 1010)',
        'the same',
        'provable',
      ],
    ],
    [
      'another start',
      { server: { ...server, started: 'now' }, next: 2000n },
      ['the server was started again (now), so it may be a copy of an earlier time', 'the same', 'provable'],
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
    const doubt = doubtOf(saved, now);
    expect(
      doubt && [doubt.why, doubt.isAnother ? 'another' : 'the same', doubt.isProvable ? 'provable' : 'unprovable'],
    ).toEqual(told);
  });

  test.each([
    [1000n + 2n ** 31n, 'the state is too old: 2147483648 transactions since, of at most 2^31'],
    [999n + 2n ** 31n, undefined],
  ])('at transaction %s the age of the state is judged', (next, reason) => {
    expect(whyTooOld(saved, next)).toBe(reason);
  });
});

describe('what a stopped sync leaves', () => {
  test('however often a sync is stopped, each row version is given exactly once', () => {
    // A model of a table: versions at blocks, each visible from a snapshot on until its row is written again.
    fc.assert(
      fc.property(
        fc.array(fc.record({ block: fc.nat(9), born: fc.nat(5), life: fc.integer({ min: 1, max: 6 }) }), {
          maxLength: 40,
        }),
        fc.array(fc.nat(11), { minLength: 5, maxLength: 5 }),
        (versions, stops) => {
          let rules = everything;
          const given = versions.map(() => 0);
          for (const [time, stop] of [...stops, 11].entries()) {
            const current = snapshot(BigInt(time * 10 + 10), BigInt(time * 10 + 10));
            const mine = rulesForTable(rules, 1, 10);
            const end = stop > 9 ? Number.POSITIVE_INFINITY : stop;
            for (const [index, { block, born, life }] of versions.entries()) {
              const isVisible = born <= time && time < born + life;
              const xid = BigInt(born * 10 + 5);
              const isWanted = mine.some(
                (rule) => block >= rule.block && (rule.kind === 'all' || xid >= rule.since.below),
              );
              if (isVisible && isWanted && block < end) given[index] = (given[index] ?? 0) + 1;
            }
            rules =
              end === Number.POSITIVE_INFINITY
                ? [{ since: current, from: undefined }]
                : rulesAfterStop(rules, current, { table: 1, block: stop });
          }
          versions.forEach(({ born, life }, index) => {
            expect(given[index]).toBeLessThanOrEqual(1);
            if (born <= 5 && born + life > 5) expect(given[index]).toBe(1); // alive at the end
          });
        },
      ),
    );
  });

  test('a table that the snapshot did not know is wanted whole: a partition attached since, a table swapped in', () => {
    expect(rulesForTable([{ since: snapshot(5n, 5n), from: undefined }], 2, 20)).toEqual([{ kind: 'all', block: 0 }]);
  });

  test('a table whose file changed is looked at from its first block', () => {
    const rules = rulesAfterStop(everything, snapshot(5n, 5n), { table: 1, block: 7 });
    expect(rulesForTable(rules, 1, 10).map(({ kind, block }) => [kind, block])).toEqual([
      ['all', 7],
      ['newer', 0],
    ]);
    expect(rulesForTable(rules, 1, 11).map(({ kind, block }) => [kind, block])).toEqual([
      ['all', 0],
      ['newer', 0],
    ]);
  });
});

describe('state', () => {
  test('is the same after it went through JSON, unfinished rules included', () => {
    const seen = rangesOf([1001n, 1003n, 1004n]);
    const current = { ...snapshot(1000n, 1010n), seen };
    const state = {
      mode: 'incremental' as const,
      isComplete: true,
      generationId: 3,
      cursorField: 'updated_at',
      cursor: '2026-01-02 03:04:05+00',
      columns: new Map([['id', { number: 1, type: 'int64' }]]),
      rules: rulesAfterStop(everything, current, { table: 1, block: 7 }),
    };
    const json = JSON.parse(JSON.stringify(formatStreamState(state))) as Record<string, unknown>;
    expect(parseStreamState(json, 'public.t')).toEqual(state);
    expect(json).toMatchObject({
      version: 1,
      cursor: '2026-01-02 03:04:05+00',
      snapshot: { below: '1000', seen: ['1001', '1003-1004'] },
    });
  });

  test.each([
    [
      { cursor: 'x' },
      'The state of stream public.t is not one of this source: reset the stream to read it again from the start.',
    ],
    [
      { version: 2 },
      'The state of stream public.t was written by a newer version of this source: use that version, or reset the stream.',
    ],
    [
      { version: 1, mode: 'cdc' },
      'The state of stream public.t is damaged: reset the stream to read it again from the start.',
    ],
  ])('%j is refused', (value, message) => {
    expect(() => parseStreamState(value, 'public.t')).toThrow(message);
  });

  test('ranges of transaction ids hold the ids they were made of', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(0n, 60n)), (xids) => {
        const ranges = parseRanges(formatRanges(rangesOf(xids))) ?? [];
        const back = ranges.flatMap(([first, last]) =>
          Array.from({ length: Number(last - first) + 1 }, (_, index) => first + BigInt(index)),
        );
        expect(new Set(back)).toEqual(new Set(xids));
      }),
    );
  });
});

test('block steps cover every block once, in order, whatever they turn out to hold', () => {
  fc.assert(
    fc.property(
      fc.nat(500),
      fc.nat(500),
      fc.integer({ min: 0, max: 200 }),
      fc.array(fc.nat(100_000), { maxLength: 20 }),
      (first, more, density, results) => {
        const steps = blockSteps(
          { first, end: first + more, rowsPerBlock: density },
          { rows: 1000, milliseconds: 1000 },
        );
        let expected = first;
        let last = false;
        for (let step = steps.next(), turn = 0; !step.done; turn += 1) {
          expect(step.value.first).toBe(expected);
          expect(step.value.end).toBeGreaterThan(step.value.first);
          expected = step.value.end;
          last = step.value.isLast;
          step = steps.next({ rows: results[turn % Math.max(1, results.length)] ?? 0, milliseconds: 5 });
        }
        expect(last).toBe(true);
        expect(expected).toBeGreaterThanOrEqual(first + more);
      },
    ),
  );
});

test('steps of statements that are cut off begin small, double at most, and take a quarter of that time', () => {
  const table = { first: 0, end: 2000, rowsPerBlock: 10 };
  const steps = blockSteps(table, { rows: 100_000, milliseconds: 30_000, cutOff: 4000 });
  const sizes: number[] = [];
  for (let step = steps.next(); !step.done;) {
    const blocks = step.value.end - step.value.first;
    sizes.push(blocks);
    // Ten milliseconds a block: a hundred of them are a quarter of the time.
    step = steps.next({ rows: blocks * 10, milliseconds: blocks * 10 });
  }
  expect(sizes.slice(0, 6)).toEqual([16, 32, 64, 100, 100, 100]);
});

test('array text is taken apart: quotes, escapes, NULL and "NULL", bounds, other delimiters, depth', () => {
  expect(parseArrayText('{a,"b,\\"c\\\\",NULL,"NULL",""}', ',')).toEqual(['a', 'b,"c\\', null, 'NULL', '']);
  expect(parseArrayText('[0:1]={7,8}', ',')).toEqual(['7', '8']);
  expect(parseArrayText('{(3,4),(1,2);(7,8),(5,6)}', ';')).toEqual(['(3,4),(1,2)', '(7,8),(5,6)']);
  expect(parseArrayText('{{1,2},{3,NULL}}', ',')).toEqual([
    ['1', '2'],
    ['3', null],
  ]);
});

test('a row of COPY text becomes one RECORD line, its escapes JSON’s', () => {
  const columns = [
    { name: 'id', type: { kind: 'int64' as const } },
    { name: 'te"xt', type: { kind: 'text' as const } },
    { name: 'at', type: { kind: 'timestamptz' as const } },
    { name: 'x', type: { kind: 'float64' as const } },
  ];
  const encoder = recordEncoder({ name: 's', namespace: 'n' }, columns);
  const row = Buffer.from('9007199254740993\ta"b\\\\c\\td\\ve\u0001\t2026-01-02 03:04:05.6+00\tNaN\n');
  expect(encoder.encode(row, 0, row.length, 5)).toBeUndefined();
  expect(Buffer.from(encoder.flush() ?? []).toString()).toBe(
    '{"type":"RECORD","record":{"namespace":"n","stream":"s","data":{"id":9007199254740993,' +
      '"te\\"xt":"a\\"b\\\\c\\td\\u000be\\u0001","at":"2026-01-02T03:04:05.600000Z","x":null},"emitted_at":5,' +
      '"meta":{"changes":[{"field":"x","change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}]}}}\n',
  );
});

test.each([
  [{ schema: ['public'] }, 'Unknown key `schema`: did you mean `schemas`?'],
  [{ checkpoint_rows: 0 }, '`checkpoint_rows` must be a whole number of at least 1.'],
  [
    { replication_method: { method: 'Wal' } },
    '`replication_method.method` must be one of Lossless, CDC, Window, Cursor.',
  ],
  [{ replication_method: { method: 'CDC' } }, '`replication_method.replication_slot` is missing.'],
  [
    { replication_method: { method: 'CDC', replication_slot: 'My-slot', publication: 'p' } },
    '`replication_method.replication_slot` may have lower-case letters, digits and underscores, 63 at most.',
  ],
  [
    {
      replication_method: {
        method: 'CDC',
        replication_slot: 's',
        publication: 'p',
        lsn_commit_behaviour: 'While reading Data',
      },
    },
    '`replication_method.lsn_commit_behaviour` "While reading Data" loses changes when the destination fails: ' +
      'choose "After loading Data in the destination".',
  ],
  [
    { replication_method: { method: 'CDC', replication_slot: 's', publication: 'p', on_truncat: 'ignore' } },
    'Unknown key `replication_method.on_truncat`: did you mean `replication_method.on_truncate`?',
  ],
  [
    { tunnel_method: { tunnel_method: 'SSH_KEY_AUTH', tunnel_host: 'h', tunnel_user: 'u' } },
    '`tunnel_method.ssh_key` is missing.',
  ],
])('configuration with %j is refused', (more, message) => {
  const config = { host: 'h', port: 5432, database: 'd', username: 'u', schemas: ['public'], ...more };
  expect(() => parseSourceConfig(config)).toThrow(message);
});
