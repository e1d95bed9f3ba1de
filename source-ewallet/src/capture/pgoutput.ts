import type { Lsn } from '@ewallet/postgres';

/**
 * Messages of PostgreSQL's pgoutput plugin, protocol version 1, as functions of their bytes.
 *
 * @see https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export type ControlMessage =
  | {
      readonly kind: 'begin';
      /** Where the commit record begins. */
      readonly commit: Lsn;
      /** Microseconds since 2000-01-01 UTC. */
      readonly time: bigint;
      /** The top-level transaction, 32 bits. */
      readonly xid: number;
    }
  /** `end` is where the record after the commit begins: the position that a transaction wholly read leaves. */
  | { readonly kind: 'commit'; readonly commit: Lsn; readonly end: Lsn }
  | { readonly kind: 'relation'; readonly relation: Relation }
  | {
      readonly kind: 'truncate';
      readonly relations: readonly number[];
    }
  /** Types by name, origins and messages of applications: nothing that a row needs. */
  | { readonly kind: 'other' };

/** A table as it was when its rows were written. */
export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** d default, n nothing, f full, i index. */
  readonly identity: 'd' | 'n' | 'f' | 'i';
  readonly columns: readonly RelationColumn[];
}

export interface RelationColumn {
  readonly name: string;
  readonly isIdentity: boolean;
  readonly typeOid: number;
  readonly modifier: number;
}

/** First bytes of messages. */
export const Tag = {
  begin: 0x42,
  commit: 0x43,
  relation: 0x52,
  insert: 0x49,
  update: 0x55,
  delete: 0x44,
  truncate: 0x54,
} as const;

/** What comes before a tuple: the old row's key, the whole old row, the new row. */
export const Part = { key: 0x4b, old: 0x4f, new: 0x4e } as const;

/** What a column of a tuple is. An unchanged value is one stored out of line that an UPDATE did not touch: it is not sent. */
export const Field = { null: 0x6e, unchanged: 0x75, text: 0x74 } as const;

/** A message that is not a row's. @param start of the tag */
export function decodeControl(bytes: Buffer, start: number): ControlMessage {
  switch (bytes[start]) {
    case Tag.begin:
      return {
        kind: 'begin',
        commit: bytes.readBigUInt64BE(start + 1),
        time: bytes.readBigInt64BE(start + 9),
        xid: bytes.readUInt32BE(start + 17),
      };
    case Tag.commit:
      return { kind: 'commit', commit: bytes.readBigUInt64BE(start + 2), end: bytes.readBigUInt64BE(start + 10) };
    case Tag.relation:
      return { kind: 'relation', relation: decodeRelation(bytes, start + 1) };
    case Tag.truncate: {
      const count = bytes.readUInt32BE(start + 1);
      const relations = Array.from({ length: count }, (_, index) => bytes.readUInt32BE(start + 6 + 4 * index));
      return { kind: 'truncate', relations };
    }
    default:
      return { kind: 'other' };
  }
}

function decodeRelation(bytes: Buffer, start: number): Relation {
  const text = (from: number): { value: string; next: number } => {
    const end = bytes.indexOf(0, from);
    return { value: bytes.toString('utf8', from, end), next: end + 1 };
  };
  const schema = text(start + 4);
  const name = text(schema.next);
  const count = bytes.readUInt16BE(name.next + 1);
  const columns: RelationColumn[] = [];
  let at = name.next + 3;
  for (let index = 0; index < count; index += 1) {
    const column = text(at + 1);
    columns.push({
      name: column.value,
      isIdentity: (bytes[at] ?? 0) % 2 === 1,
      typeOid: bytes.readUInt32BE(column.next),
      modifier: bytes.readInt32BE(column.next + 4),
    });
    at = column.next + 8;
  }
  return {
    oid: bytes.readUInt32BE(start),
    // The catalogue's own schema is sent as an empty text.
    schema: schema.value === '' ? 'pg_catalog' : schema.value,
    name: name.value,
    identity: identityOf(bytes[name.next] ?? 0),
    columns,
  };
}

function identityOf(byte: number): Relation['identity'] {
  const letter = String.fromCharCode(byte);
  return letter === 'n' || letter === 'f' || letter === 'i' ? letter : 'd';
}

/** A row's columns where they lie in a message: filled again for each row, as an object per value would cost too much. */
export interface Tuple {
  bytes: Buffer;
  count: number;
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** A table has at most 1,600 columns. */
const MOST_COLUMNS = 1_600;

export function emptyTuple(): Tuple {
  return {
    bytes: Buffer.alloc(0),
    count: 0,
    kinds: new Uint8Array(MOST_COLUMNS),
    starts: new Int32Array(MOST_COLUMNS),
    ends: new Int32Array(MOST_COLUMNS),
  };
}

/**
 * @param start of the tuple, behind its part's letter
 * @returns the position behind it
 */
export function readTuple(bytes: Buffer, start: number, tuple: Tuple): number {
  const { kinds, starts, ends } = tuple;
  const count = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
  if (count > MOST_COLUMNS) throw new RangeError('a tuple has more columns than a table can have');
  tuple.bytes = bytes;
  tuple.count = count;
  let at = start + 2;
  for (let index = 0; index < count; index += 1) {
    const kind = bytes[at] ?? 0;
    at += 1;
    kinds[index] = kind;
    if (kind !== Field.text) {
      if (kind !== Field.null && kind !== Field.unchanged) throw new RangeError('a column is of an unknown form');
      continue;
    }
    const length =
      ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    at += 4;
    starts[index] = at;
    at += length;
    ends[index] = at;
  }
  return at;
}

/** Microseconds since 2000-01-01 as `2026-01-02T03:04:05.600000Z`. */
export function commitTime(time: bigint): string {
  const micros = time + 946_684_800_000_000n;
  const seconds = new Date(Number(micros / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}Z`;
}
