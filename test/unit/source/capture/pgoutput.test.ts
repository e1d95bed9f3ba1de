import { frameLsn } from '../../../../source-ewallet/src/capture/replication';
import { formatLsn, parseLsn } from '@ewallet/postgres';
import { commitTime, decodeControl, emptyTuple, readTuple } from '../../../../source-ewallet/src/capture/pgoutput';
import { FrameReader } from '../../../../source-ewallet/src/copy/frame-reader';

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};

test('a begin has the commit’s place and time and the top-level transaction', () => {
  const bytes = Buffer.concat([
    Buffer.from('xB'),
    int64(0x1_0000_0010n),
    int64(820_454_400_000_001n),
    uint32(4_294_967_295),
  ]);
  expect(decodeControl(bytes, 1)).toEqual({
    kind: 'begin',
    commit: 0x1_0000_0010n,
    time: 820_454_400_000_001n,
    xid: 4_294_967_295,
  });
  expect(commitTime(820_454_400_000_001n)).toBe('2025-12-31T00:00:00.000001Z');
});

test('a commit has the place behind it, which is where the next sync begins', () => {
  const bytes = Buffer.concat([Buffer.from('C\0'), int64(16n), int64(48n), int64(0n)]);
  expect(decodeControl(bytes, 0)).toEqual({ kind: 'commit', commit: 16n, end: 48n });
});

test('a relation has its columns with hostile names, its identity and types', () => {
  const column = (flags: number, name: string, type: number, modifier: number): Buffer =>
    Buffer.concat([Buffer.from([flags]), text(name), uint32(type), uint32(modifier >>> 0)]);
  const bytes = Buffer.concat([
    Buffer.from('R'),
    uint32(16_384),
    text(''),
    text('sel"ect\n'),
    Buffer.from('f'),
    uint16(2),
    column(1, 'id', 20, -1),
    column(0, 'ünï', 1700, 1_310_728),
  ]);
  expect(decodeControl(bytes, 0)).toEqual({
    kind: 'relation',
    relation: {
      oid: 16_384,
      schema: 'pg_catalog',
      name: 'sel"ect\n',
      identity: 'f',
      columns: [
        { name: 'id', isIdentity: true, typeOid: 20, modifier: -1 },
        { name: 'ünï', isIdentity: false, typeOid: 1700, modifier: 1_310_728 },
      ],
    },
  });
});

test('a truncate names every table', () => {
  const bytes = Buffer.concat([Buffer.from('T'), uint32(2), Buffer.from([1]), uint32(7), uint32(4_000_000_000)]);
  expect(decodeControl(bytes, 0)).toEqual({ kind: 'truncate', relations: [7, 4_000_000_000] });
});

test('a tuple tells null, unchanged and empty values apart', () => {
  const bytes = Buffer.concat([
    Buffer.from('N'),
    uint16(4),
    Buffer.from('nut'),
    uint32(0),
    Buffer.from('t'),
    uint32(2),
    Buffer.from('hi'),
  ]);
  const tuple = emptyTuple();
  expect(readTuple(bytes, 1, tuple)).toBe(bytes.length);
  const values = Array.from({ length: tuple.count }, (_, index) => [
    String.fromCharCode(tuple.kinds[index] ?? 0),
    tuple.kinds[index] === 0x74 ? bytes.toString('utf8', tuple.starts[index], tuple.ends[index]) : undefined,
  ]);
  expect(values).toEqual([
    ['n', undefined],
    ['u', undefined],
    ['t', ''],
    ['t', 'hi'],
  ]);
});

test('a form of value that this protocol version does not have is refused, not guessed', () => {
  const bytes = Buffer.concat([uint16(1), Buffer.from('b'), uint32(1), Buffer.from('x')]);
  expect(() => readTuple(bytes, 0, emptyTuple())).toThrow('a column is of an unknown form');
});

test('places in the log are exact in all 64 bits', () => {
  expect(parseLsn('FFFFFFFF/FFFFFFFF')).toBe(2n ** 64n - 1n);
  expect(formatLsn(0x16_b374_d848n)).toBe('16/B374D848');
  expect(parseLsn('16')).toBeUndefined();
  const frame = (lsn: bigint): { bytes: Buffer; start: number } => {
    const bytes = Buffer.alloc(25);
    bytes[0] = 0x77;
    bytes.writeBigUInt64BE(lsn, 1);
    return { bytes, start: 25 };
  };
  expect(frameLsn(frame(2n ** 53n - 1n))).toBe('9007199254740991');
  expect(frameLsn(frame(2n ** 63n - 1n))).toBe('9223372036854775807');
});

test('messages come out whole however the network cuts them', () => {
  const messages = ['a', 'bc'.repeat(40), '', 'd'].map((body) =>
    Buffer.concat([Buffer.from('d'), uint32(body.length + 4), Buffer.from(body)]),
  );
  const whole = Buffer.concat([...messages, Buffer.from('rest')]);
  for (let size = 1; size < whole.length; size += 1) {
    const reader = new FrameReader();
    const found: string[] = [];
    let rest = '';
    for (let at = 0; at < whole.length; at += size) {
      const left = reader.read(whole.subarray(at, at + size), (bytes, start, end) => {
        found.push(bytes.toString('utf8', start + 5, end));
        return found.length < 4;
      });
      if (left !== undefined) {
        rest = Buffer.concat([left, whole.subarray(at + size)]).toString();
        break;
      }
    }
    expect({ size, found, rest }).toEqual({ size, found: ['a', 'bc'.repeat(40), '', 'd'], rest: 'rest' });
  }
});
