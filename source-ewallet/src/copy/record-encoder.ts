import { unescapeCopyText } from './copy-text';
import type { Column } from '../tables/table';
import { CHUNK_BYTES, lineBuffers } from './line-buffers';
import { valueJson } from './value-json';

/**
 * Turns rows of COPY's text format into RECORD lines, byte by byte, without an object or a string per value: the server's
 * COPY text keeps one core busy, and this has to keep up on the other (see docs/performance.md for the figures).
 *
 * It rests on three facts. A tab or newline byte in COPY text is always a separator, as those in values are escaped.
 * COPY's escapes `\\ \b \f \n \r \t` are JSON's, only `\v` is not. And PostgreSQL's text of numbers is JSON's.
 *
 * @see https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-TEXT-FORMAT
 */
export interface RecordEncoder {
  /** Members that follow the columns in each record from now on, as JSON with a comma before each. */
  more: Uint8Array;
  /** The next record has null for this column although the row has a value. */
  noteNulled(column: number, reason: NulledReason): void;
  /**
   * Encodes `input[start, end)`, one whole row with its newline; gives what became full of lines, else undefined. Who gives
   * such lines back to `lineBuffers` once they were written saves their memory.
   */
  encode(input: Uint8Array, start: number, end: number, emittedAt: number): Uint8Array | undefined;
  /** The lines that are still here. */
  flush(): Uint8Array | undefined;
}

export type NulledReason = 'SOURCE_SERIALIZATION_ERROR' | 'SOURCE_RETRIEVAL_ERROR';

export type EncodedColumn = Pick<Column, 'name' | 'type'>;

/** How a value is written in JSON, as small integers: a switch over them in the inner loop is a jump. */
const ValueFormat = {
  number: 0,
  boolean: 1,
  text: 2,
  json: 3,
  base64: 4,
  date: 5,
  timestamp: 6,
  timestamptz: 7,
  time: 8,
  timetz: 9,
  array: 10,
} as const;

const TAB = 0x09;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const DOT = 0x2e;
const SPACE = 0x20;

/** 1: needs more than a copy in a JSON string. */
const special = new Uint8Array(256);
for (let byte = 0; byte < 0x20; byte += 1) special[byte] = 1;
special[QUOTE] = 1;
special[BACKSLASH] = 1;

const NO_WORDS = new Uint32Array(0);

const hexDigits = Buffer.from('0123456789abcdef');
const nullBytes = Buffer.from('null');
const trueBytes = Buffer.from('true');
const falseBytes = Buffer.from('false');

/** Rows longer than this are measured before they are given room, instead of taking six times their length. */
const LONG_ROW = 1 << 20;

export function recordEncoder(
  stream: { readonly name: string; readonly namespace?: string },
  columns: readonly EncodedColumn[],
  chunkBytes = CHUNK_BYTES,
): RecordEncoder {
  const namespace = stream.namespace === undefined ? '' : `"namespace":${JSON.stringify(stream.namespace)},`;
  const head = Buffer.from(`{"type":"RECORD","record":{${namespace}"stream":${JSON.stringify(stream.name)},"data":{`);
  const keys = columns.map((column, index) => Buffer.from(`${index === 0 ? '' : ','}${JSON.stringify(column.name)}:`));
  const keyWords = keys.map(wordsOf);
  const formats = Uint8Array.from(columns.map(formatOf));
  const fixedLength = head.length + keys.reduce((sum, key) => sum + key.length, 0) + 128;
  // What writes many bytes takes these two into locals first: as variables of the closure they are loaded and stored again
  // for each byte, which made a read take a third more CPU time.
  let output = lineBuffers.take();
  let view = new DataView(output.buffer);
  let at = 0;
  let viewed: Uint8Array = output;
  let inputView = view;
  let tail = Buffer.alloc(0);
  let tailTime = -1;
  let changes: string[] = [];

  function room(input: Uint8Array, start: number, end: number): number {
    const length = end - start;
    // Six bytes for one is the worst a control character does; a null, a boolean or padding adds a few a column.
    if (length <= LONG_ROW) return fixedLength + 6 * length + 32 * columns.length;
    let specials = 0;
    for (let index = start; index < end; index += 1) specials += special[input[index] ?? 0] ?? 0;
    return fixedLength + length + 6 * specials + 32 * columns.length;
  }

  function put(bytes: Uint8Array): void {
    const target = output;
    const { length } = bytes;
    if (length > 20) {
      target.set(bytes, at);
    } else {
      for (let index = 0; index < length; index += 1) target[at + index] = bytes[index] ?? 0;
    }
    at += length;
  }

  function putKey(column: number): void {
    const words = keyWords[column] ?? NO_WORDS;
    const target = view;
    const start = at;
    for (let index = 0; index < words.length; index += 1) target.setUint32(start + 4 * index, words[index] ?? 0, true);
    at = start + (keys[column]?.length ?? 0);
  }

  /** NaN and the infinities: JSON has no such numbers, and destinations no such times. */
  function nulled(column: number, reason: NulledReason = 'SOURCE_SERIALIZATION_ERROR'): void {
    const field = JSON.stringify(columns[column]?.name);
    changes.push(`{"field":${field},"change":"NULLED","reason":"${reason}"}`);
  }

  function encodeText(input: Uint8Array, start: number): number {
    const target = output;
    let to = at;
    let index = start;
    target[to++] = QUOTE;
    for (;;) {
      const byte = input[index] ?? TAB;
      if (special[byte] === 0) {
        target[to++] = byte;
        index += 1;
      } else if (byte === TAB || byte === NEWLINE) {
        break;
      } else if (byte === QUOTE) {
        target[to++] = BACKSLASH;
        target[to++] = QUOTE;
        index += 1;
      } else if (byte === BACKSLASH && input[index + 1] !== 0x76) {
        target[to++] = BACKSLASH;
        target[to++] = input[index + 1] ?? 0;
        index += 2;
      } else {
        const code = byte === BACKSLASH ? 0x0b : byte;
        index += byte === BACKSLASH ? 2 : 1;
        target[to++] = BACKSLASH;
        target[to++] = 0x75;
        target[to++] = ZERO;
        target[to++] = ZERO;
        target[to++] = hexDigits[code >> 4] ?? 0;
        target[to++] = hexDigits[code & 15] ?? 0;
      }
    }
    target[to++] = QUOTE;
    at = to;
    return index;
  }

  function encodeNumber(input: Uint8Array, start: number, column: number): number {
    let index = start;
    let byte = input[index] ?? TAB;
    // NaN, Infinity, -Infinity: the only numbers with such letters at these places.
    if (byte === 0x4e || byte === 0x49 || (byte === 0x2d && input[index + 1] === 0x49)) {
      put(nullBytes);
      nulled(column);
      return fieldEnd(input, index);
    }
    const target = output;
    let to = at;
    while (byte !== TAB && byte !== NEWLINE) {
      target[to++] = byte;
      index += 1;
      byte = input[index] ?? TAB;
    }
    at = to;
    return index;
  }

  function encodeJson(input: Uint8Array, start: number): number {
    const target = output;
    let to = at;
    let index = start;
    for (;;) {
      const byte = input[index] ?? TAB;
      if (byte === TAB || byte === NEWLINE) break;
      if (byte === BACKSLASH) {
        // Only a backslash and white space between tokens are escaped in JSON that PostgreSQL accepted.
        target[to++] = input[index + 1] === BACKSLASH ? BACKSLASH : SPACE;
        index += 2;
      } else {
        target[to++] = byte;
        index += 1;
      }
    }
    at = to;
    return index;
  }

  /** encode(…, 'base64') breaks its lines, which COPY writes as `\n`: two bytes to leave out. */
  function encodeBase64(input: Uint8Array, start: number): number {
    const target = output;
    let to = at;
    let index = start;
    target[to++] = QUOTE;
    for (;;) {
      const byte = input[index] ?? TAB;
      if (byte === TAB || byte === NEWLINE) break;
      if (byte === BACKSLASH) {
        index += 2;
      } else {
        target[to++] = byte;
        index += 1;
      }
    }
    target[to++] = QUOTE;
    at = to;
    return index;
  }

  function encodeTime(input: Uint8Array, start: number, format: number, column: number): number {
    let index = start;
    let byte = input[index] ?? TAB;
    // infinity, -infinity
    if (byte === 0x69 || byte === 0x2d) {
      put(nullBytes);
      nulled(column);
      return fieldEnd(input, index);
    }
    if (format === ValueFormat.timestamptz && isPlainTime(input, start)) return encodePlainTime(input, start);
    const target = output;
    let to = at;
    target[to++] = QUOTE;
    if (format !== ValueFormat.time && format !== ValueFormat.timetz) {
      while (byte !== SPACE && byte !== TAB && byte !== NEWLINE) {
        target[to++] = byte;
        byte = input[++index] ?? TAB;
      }
      if (format === ValueFormat.date) {
        while (byte !== TAB && byte !== NEWLINE) {
          target[to++] = byte;
          byte = input[++index] ?? TAB;
        }
        target[to++] = QUOTE;
        at = to;
        return index;
      }
      target[to++] = 0x54;
      index += 1;
    }
    for (let count = 0; count < 8; count += 1) target[to++] = input[index++] ?? 0;
    target[to++] = DOT;
    let digits = 0;
    byte = input[index] ?? TAB;
    if (byte === DOT) {
      byte = input[++index] ?? TAB;
      while (byte >= ZERO && byte <= 0x39) {
        target[to++] = byte;
        digits += 1;
        byte = input[++index] ?? TAB;
      }
    }
    for (; digits < 6; digits += 1) target[to++] = ZERO;
    if (format === ValueFormat.timestamptz) {
      target[to++] = 0x5a;
      index += 3; // the session's zone is UTC: +00
    } else if (format === ValueFormat.timetz) {
      const offset = index;
      byte = input[index] ?? TAB;
      while (byte !== TAB && byte !== NEWLINE) {
        target[to++] = byte;
        byte = input[++index] ?? TAB;
      }
      if (index - offset === 3) {
        target[to++] = 0x3a;
        target[to++] = ZERO;
        target[to++] = ZERO;
      }
    }
    byte = input[index] ?? TAB;
    while (byte !== TAB && byte !== NEWLINE) {
      target[to++] = byte; // " BC"
      byte = input[++index] ?? TAB;
    }
    target[to++] = QUOTE;
    at = to;
    return index;
  }

  /** The time of today's wallets, by words: byte by byte it took three times as long. */
  function encodePlainTime(input: Uint8Array, start: number): number {
    if (input !== viewed) {
      viewed = input;
      inputView = new DataView(input.buffer, input.byteOffset, input.byteLength);
    }
    const target = output;
    const from = inputView;
    const to = at;
    target[to] = QUOTE;
    for (let offset = 0; offset < 28; offset += 4) {
      view.setUint32(to + 1 + offset, from.getUint32(start + offset, true), true);
    }
    target[to + 11] = 0x54;
    target[to + 27] = 0x5a;
    target[to + 28] = QUOTE;
    at = to + 29;
    return start + 29;
  }

  function encodeArray(input: Uint8Array, start: number, column: number): number {
    const end = fieldEnd(input, start);
    const type = columns[column]?.type ?? { kind: 'text' };
    const value = valueJson(unescapeCopyText(Buffer.from(input.buffer, input.byteOffset + start, end - start)), type);
    if (value.isNulled) nulled(column);
    // Offsets, padding and quotes of elements can outgrow what the row was given room for.
    const length = Buffer.byteLength(value.json);
    grow(length + (input.length - end) * 6 + fixedLength);
    at += output.write(value.json, at);
    return end;
  }

  function grow(more: number): void {
    if (output.length - at >= more) return;
    const larger = Buffer.allocUnsafeSlow(at + more);
    output.copy(larger, 0, 0, at);
    output = larger;
    view = new DataView(output.buffer);
  }

  function encodeField(input: Uint8Array, start: number, column: number): number {
    if (input[start] === BACKSLASH && input[start + 1] === 0x4e) {
      put(nullBytes);
      return start + 2;
    }
    const format = formats[column] ?? ValueFormat.text;
    switch (format) {
      case ValueFormat.number:
        return encodeNumber(input, start, column);
      case ValueFormat.boolean:
        put(input[start] === 0x74 ? trueBytes : falseBytes);
        return start + 1;
      case ValueFormat.json:
        return encodeJson(input, start);
      case ValueFormat.base64:
        return encodeBase64(input, start);
      case ValueFormat.date:
      case ValueFormat.timestamp:
      case ValueFormat.timestamptz:
      case ValueFormat.time:
      case ValueFormat.timetz:
        return encodeTime(input, start, format, column);
      case ValueFormat.array:
        return encodeArray(input, start, column);
      default:
        return encodeText(input, start);
    }
  }

  function take(): Uint8Array | undefined {
    if (at === 0) return undefined;
    const full = output.subarray(0, at);
    output = lineBuffers.take();
    view = new DataView(output.buffer);
    at = 0;
    return full;
  }

  const encoder: RecordEncoder = {
    more: new Uint8Array(0),
    noteNulled: nulled,
    encode(input, start, end, emittedAt) {
      const { more } = encoder;
      const needed = room(input, start, end) + more.length;
      const full = at >= chunkBytes || output.length - at < needed ? take() : undefined;
      grow(needed);
      if (emittedAt !== tailTime) {
        tailTime = emittedAt;
        tail = Buffer.from(`},"emitted_at":${emittedAt}}}\n`);
      }
      put(head);
      let index = start;
      for (let column = 0; column < keys.length; column += 1) {
        putKey(column);
        index = encodeField(input, index, column) + 1; // past the separator
      }
      if (index !== end && keys.length > 0) throw new Error('a COPY row has other fields than its columns');
      // Where there are no columns the first member has no comma before it.
      if (more.length > 0) put(keys.length === 0 ? more.subarray(1) : more);
      if (changes.length === 0) {
        put(tail);
      } else {
        const meta = Buffer.from(`},"emitted_at":${emittedAt},"meta":{"changes":[${changes.join(',')}]}}}\n`);
        changes = [];
        grow(meta.length);
        put(meta);
      }
      return full;
    },
    flush: take,
  };
  return encoder;
}

/** As little-endian words, with zeros behind: four bytes are stored as fast as one. */
function wordsOf(bytes: Buffer): Uint32Array {
  const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
  bytes.copy(padded);
  return Uint32Array.from({ length: padded.length / 4 }, (_, index) => padded.readUInt32LE(4 * index));
}

/**
 * `2026-03-02 17:00:13.204125+00`, with its separator behind: a year of four digits, a fraction of six. The digits that are
 * looked at rule out infinity and a shorter fraction, behind which the other bytes could be those of the next column.
 */
function isPlainTime(input: Uint8Array, start: number): boolean {
  const behind = input[start + 29];
  return (
    isDigit(input[start]) &&
    input[start + 10] === SPACE &&
    input[start + 19] === DOT &&
    isDigit(input[start + 24]) &&
    isDigit(input[start + 25]) &&
    input[start + 26] === 0x2b &&
    (behind === TAB || behind === NEWLINE)
  );
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39;
}

function fieldEnd(input: Uint8Array, start: number): number {
  let index = start;
  while (index < input.length && input[index] !== TAB && input[index] !== NEWLINE) index += 1;
  return index;
}

function formatOf(column: EncodedColumn): number {
  switch (column.type.kind) {
    case 'int32':
    case 'int64':
    case 'numeric':
    case 'float32':
    case 'float64':
      return ValueFormat.number;
    case 'boolean':
      return ValueFormat.boolean;
    case 'text':
    case 'char':
    case 'uuid':
      return ValueFormat.text;
    case 'json':
      return ValueFormat.json;
    case 'bytea':
      return ValueFormat.base64;
    case 'date':
      return ValueFormat.date;
    case 'timestamp':
      return ValueFormat.timestamp;
    case 'timestamptz':
      return ValueFormat.timestamptz;
    case 'time':
      return ValueFormat.time;
    case 'timetz':
      return ValueFormat.timetz;
    case 'array':
      return ValueFormat.array;
  }
}
