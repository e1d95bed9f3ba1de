const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** What COPY's text format writes behind a backslash, by byte; 0: the byte itself. */
const escapes = new Uint8Array(256);
for (const [byte, letter] of [
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0b, 'v'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [BACKSLASH, '\\'],
] as const) {
  escapes[byte] = letter.charCodeAt(0);
}

/** Whose text is another one in COPY: bytea comes in hexadecimal, char(n) with its padding. */
export type ValueForm = 'as it is' | 'bytea' | 'char';

/**
 * A row of COPY's text format, put together from values as pgoutput sends them, so that one encoder makes records of both
 * and a streamed value is the copied one, byte by byte.
 */
export class CopyRow {
  bytes: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
  length = 0;

  begin(room: number): void {
    this.length = 0;
    // Twice for the worst that escaping does, and a separator a column.
    if (this.bytes.length < 2 * room + 2 * 1_600) this.bytes = Buffer.allocUnsafeSlow(2 * (2 * room + 2 * 1_600));
  }

  null(): void {
    this.bytes[this.length++] = BACKSLASH;
    this.bytes[this.length++] = 0x4e;
    this.bytes[this.length++] = TAB;
  }

  value(source: Buffer, start: number, valueEnd: number, form: ValueForm): void {
    const end = form === 'char' ? unpaddedEnd(source, start, valueEnd) : valueEnd;
    if (form === 'bytea') {
      const base64 = Buffer.from(source.toString('latin1', start + 2, end), 'hex').toString('base64');
      this.length += this.bytes.write(base64, this.length, 'latin1');
      this.bytes[this.length++] = TAB;
      return;
    }
    const target = this.bytes;
    let to = this.length;
    for (let at = start; at < end; at += 1) {
      const byte = source[at] ?? 0;
      const letter = escapes[byte] ?? 0;
      if (letter !== 0) {
        target[to++] = BACKSLASH;
        target[to++] = letter;
      } else {
        target[to++] = byte;
      }
    }
    target[to++] = TAB;
    this.length = to;
  }

  /** The last separator is the row's end. */
  end(): void {
    if (this.length > 0) this.bytes[this.length - 1] = NEWLINE;
  }
}

function unpaddedEnd(source: Buffer, start: number, end: number): number {
  let to = end;
  while (to > start && source[to - 1] === SPACE) to -= 1;
  return to;
}
