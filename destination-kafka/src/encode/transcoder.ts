import { avroTypeOf, exactAvroType, type MappedColumn, type StreamMapping } from '@ewallet/avro';
import { isUtf8 } from 'node:buffer';
import { writeLong } from './avro-bytes';
import { convert } from './convert';
import { endOfString, endOfValue, NOT_FOUND, standsAt, type ScanNotes } from './line-scanner';
import { DELETED_AT, metaText } from './record-encoder';
import { DECLINED, tokenEncoder, type TokenEncoder } from './token-encoders';

const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const QUOTE = 0x22;
const NULL = Buffer.from('null');
/** More than any scalar grows on its way from JSON to Avro, with its union branch and length. */
const ROOM_PER_COLUMN = 24;

/** Two columns of a union: `["null", T]` writes branch 0 or 1 as a zigzag byte. */
const NULL_BRANCH = 0;
const VALUE_BRANCH = 2;

interface Column {
  /** `"name":` as a serialiser writes it. */
  readonly label: Buffer;
  readonly encode: TokenEncoder;
}

/** The general conversion, for one column: every token that fits it exactly. */
function generalEncoder(kind: MappedColumn['kind']): TokenEncoder {
  const type = exactAvroType(avroTypeOf(kind));
  return (source, start, end, target, position) => {
    const raw = source.toString('utf8', start, end);
    try {
      JSON.parse(raw);
    } catch {
      return DECLINED;
    }
    const converted = convert(kind, raw);
    if (converted.kind !== 'fits' || converted.value === null) return DECLINED;
    const bytes = type.toBuffer(converted.value);
    return position + bytes.length > target.length ? DECLINED : position + bytes.copy(target, position);
  };
}

function columnEncoder(kind: MappedColumn['kind']): TokenEncoder {
  const general = generalEncoder(kind);
  if (kind.kind === 'array') return general;
  const usual = tokenEncoder(kind);
  return (source, start, end, target, position) => {
    const behind = usual(source, start, end, target, position);
    return behind === DECLINED ? general(source, start, end, target, position) : behind;
  };
}

function isNull(source: Buffer, start: number, end: number): boolean {
  return end - start === NULL.length && standsAt(source, start, NULL);
}

/**
 * Writes a record's data from JSON bytes to Avro bytes without making a JavaScript value of a field. It declines what it
 * is not made for (a value that does not fit, an unknown property, whitespace between tokens); `RecordEncoder` takes
 * those, and gives the same bytes for everything that both take.
 */
export class Transcoder {
  private readonly columns: readonly Column[];
  private readonly general: readonly TokenEncoder[];
  private readonly byLabel: ReadonlyMap<string, number>;
  private readonly keys: readonly { readonly column: number; readonly encode: TokenEncoder }[];
  /** Place of the column that says when a row was deleted; -1 where the stream has none. */
  private readonly deletedAt: number;
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  private readonly escaped: Uint8Array;
  /** Column at each place of the line before: lines of a stream have their members in the same order. */
  private readonly order: number[] = [];
  private readonly tail: Buffer;
  private readonly notes: ScanNotes = { escapes: 0, beyondAscii: false };
  private valueBytes: Buffer;
  private valueWords: DataView;
  private keyBytes: Buffer;
  private source: Buffer = NULL;
  private dataLength = 0;
  private valueLength = 0;
  private keyLength = 0;

  /** @param frames the five bytes that go before key and value */
  constructor(
    mapping: StreamMapping,
    private readonly frames: { readonly key: Buffer; readonly value: Buffer },
    options: { readonly syncId: number | undefined; readonly generationId: bigint },
  ) {
    const { columns, keyColumns } = mapping;
    this.columns = columns.map(({ name, kind }) => ({
      label: Buffer.from(`${JSON.stringify(name)}:`),
      encode: columnEncoder(kind),
    }));
    this.general = columns.map(({ kind }) => generalEncoder(kind));
    this.byLabel = new Map(this.columns.map(({ label }, index) => [label.toString('latin1'), index]));
    this.keys = keyColumns.map(({ name, kind }) => ({
      column: columns.findIndex((column) => column.name === name),
      encode: columnEncoder(kind),
    }));
    this.deletedAt = columns.findIndex(({ name }) => name === DELETED_AT);
    this.starts = new Int32Array(columns.length);
    this.ends = new Int32Array(columns.length);
    this.escaped = new Uint8Array(columns.length);
    this.tail = Buffer.concat([
      exactAvroType('string').toBuffer(metaText(options.syncId, '', '')),
      exactAvroType('long').toBuffer(options.generationId),
    ]);
    this.valueBytes = Buffer.alloc(64 * 1024);
    this.valueWords = new DataView(this.valueBytes.buffer);
    this.keyBytes = Buffer.alloc(64 * 1024);
    frames.value.copy(this.valueBytes);
    frames.key.copy(this.keyBytes);
  }

  /** The framed value: `value[0, valueEnd)`; its data fields end at `dataEnd`. Good until the next line. */
  get value(): Buffer {
    return this.valueBytes;
  }

  /** The same bytes, four at a time. */
  get valueView(): DataView {
    return this.valueWords;
  }

  get valueEnd(): number {
    return this.valueLength;
  }

  get dataEnd(): number {
    return this.dataLength;
  }

  /** Whether the line is of a row's deletion. */
  get isDeletion(): boolean {
    const start = this.starts[this.deletedAt] ?? NOT_FOUND;
    return start !== NOT_FOUND && !isNull(this.source, start, this.ends[this.deletedAt] ?? NOT_FOUND);
  }

  /** The framed key: `key[0, keyEnd)`. */
  get key(): Buffer {
    return this.keyBytes;
  }

  get keyEnd(): number {
    return this.keyLength;
  }

  /**
   * Encodes the data object whose brace is at `start`.
   *
   * @returns the position behind the object, or DECLINED
   */
  encodeData(source: Buffer, start: number, end: number): number {
    this.source = source;
    const behind = this.scan(source, start, end);
    if (behind === DECLINED) return DECLINED;
    if (this.notes.beyondAscii && !isUtf8(source.subarray(start, behind))) return DECLINED;
    this.reserve(2 * (behind - start) + this.columns.length * ROOM_PER_COLUMN + this.tail.length + 32);
    return this.encodeColumns(source) && this.encodeKey(source) ? behind : DECLINED;
  }

  /** Adds Airbyte's metadata fields behind the data. */
  encodeMetadata(emittedAt: number): void {
    const at = writeLong(this.valueBytes, this.dataLength, emittedAt * 1000);
    this.valueBytes.set(this.tail, at);
    this.valueLength = at + this.tail.length;
  }

  private scan(source: Buffer, start: number, end: number): number {
    const starts = this.starts;
    const notes = this.notes;
    starts.fill(NOT_FOUND);
    notes.beyondAscii = false;
    if (source[start] !== OPEN_BRACE) return DECLINED;
    if (source[start + 1] === CLOSE_BRACE) return start + 2;
    let at = start + 1;
    for (let place = 0; ; place += 1) {
      const column = this.columnAt(source, at, end, place);
      if (column === NOT_FOUND) return DECLINED;
      at += this.columns[column]?.label.length ?? 0;
      const escapesBefore = notes.escapes;
      const behind = endOfValue(source, at, end, notes);
      if (behind === NOT_FOUND) return DECLINED;
      starts[column] = at;
      this.ends[column] = behind;
      this.escaped[column] = notes.escapes > escapesBefore ? 1 : 0;
      at = behind + 1;
      const separator = source[behind];
      if (separator === CLOSE_BRACE) return at;
      if (separator !== COMMA) return DECLINED;
    }
  }

  private columnAt(source: Buffer, at: number, end: number, place: number): number {
    const expected = this.order[place];
    const label = expected === undefined ? undefined : this.columns[expected]?.label;
    if (expected !== undefined && label !== undefined && standsAt(source, at, label)) return expected;
    if (source[at] !== QUOTE) return NOT_FOUND;
    const behind = endOfString(source, at, end, this.notes);
    if (behind === NOT_FOUND) return NOT_FOUND;
    const found = this.byLabel.get(source.toString('latin1', at, behind + 1)) ?? NOT_FOUND;
    if (found !== NOT_FOUND) this.order[place] = found;
    return found;
  }

  private encodeColumns(source: Buffer): boolean {
    const target = this.valueBytes;
    let at = this.frames.value.length;
    for (let index = 0; index < this.columns.length; index += 1) {
      const start = this.starts[index] ?? NOT_FOUND;
      const end = this.ends[index] ?? NOT_FOUND;
      if (start === NOT_FOUND || isNull(source, start, end)) {
        target[at++] = NULL_BRANCH;
        continue;
      }
      target[at] = VALUE_BRANCH;
      // A string with escapes means other bytes than it is written with: only the general conversion knows.
      const encode = this.escaped[index] === 1 ? this.general[index] : this.columns[index]?.encode;
      at = encode?.(source, start, end, target, at + 1) ?? DECLINED;
      if (at === DECLINED) return false;
    }
    this.dataLength = at;
    return true;
  }

  private encodeKey(source: Buffer): boolean {
    let at = this.frames.key.length;
    for (const { column, encode } of this.keys) {
      const start = this.starts[column] ?? NOT_FOUND;
      const end = this.ends[column] ?? NOT_FOUND;
      if (start === NOT_FOUND || this.escaped[column] === 1 || isNull(source, start, end)) return false;
      at = encode(source, start, end, this.keyBytes, at);
      if (at === DECLINED) return false;
    }
    this.keyLength = at;
    return true;
  }

  private reserve(bytes: number): void {
    if (bytes <= this.valueBytes.length) return;
    this.valueBytes = Buffer.alloc(bytes * 2);
    this.valueWords = new DataView(this.valueBytes.buffer);
    this.keyBytes = Buffer.alloc(bytes * 2);
    this.frames.value.copy(this.valueBytes);
    this.frames.key.copy(this.keyBytes);
  }
}
