import { endOfString, endOfValue, NOT_FOUND, standsAt, type ScanNotes } from './line-scanner';

const COMMA = 0x2c;
const CLOSE_BRACE = 0x7d;
const QUOTE = 0x22;

const OPENING = Buffer.from('{"type":"RECORD","record":{');
const STREAM = Buffer.from('"stream":');
const NAMESPACE = Buffer.from('"namespace":');
const DATA = Buffer.from('"data":');
const EMITTED_AT = Buffer.from('"emitted_at":');
const NO_META = [Buffer.from('"meta":null'), Buffer.from('"meta":{"changes":[]}'), Buffer.from('"meta":{}')];

/** Encodes the data object at `start`; returns the position behind it or a negative number to decline. */
export interface DataEncoder {
  encodeData(source: Buffer, start: number, end: number): number;
}

/** Finds the encoder of a stream by the raw bytes of its name and namespace tokens, quotes included. */
export type FindEncoder<Encoder> = (stream: string, namespace: string) => Encoder | undefined;

/**
 * Reads a RECORD line around its data: `{"type":"RECORD","record":{…}}` with `stream` and `namespace` before `data`, as
 * our source and the platform write it. Anything else is declined, and parsed as ordinary JSON instead.
 */
export class RecordEnvelope<Encoder extends DataEncoder> {
  private readonly notes: ScanNotes = { escapes: 0, beyondAscii: false };
  private stream = '';
  private namespace = '';
  private encoder: Encoder | undefined;
  private emittedAtMs = 0;
  private streamBytes = Buffer.alloc(0);
  private namespaceBytes = Buffer.alloc(0);

  constructor(private readonly find: FindEncoder<Encoder>) {}

  /** Milliseconds, of the line read last. */
  get emittedAt(): number {
    return this.emittedAtMs;
  }

  /** @returns the stream's encoder, which holds the encoded data now; undefined to decline */
  read(source: Buffer): Encoder | undefined {
    const end = source.length;
    if (!standsAt(source, 0, OPENING)) return undefined;
    let at = OPENING.length;
    let encoder: Encoder | undefined;
    let namespaced = false;
    let named = false;
    let dated = false;
    for (;;) {
      let behind: number;
      if (!named && standsAt(source, at, STREAM)) {
        behind = this.readStream(source, at + STREAM.length, end);
        named = true;
      } else if (!namespaced && encoder === undefined && standsAt(source, at, NAMESPACE)) {
        behind = this.readNamespace(source, at + NAMESPACE.length, end);
        namespaced = true;
      } else if (named && encoder === undefined && standsAt(source, at, DATA)) {
        if (!namespaced) this.setNamespace('null');
        encoder = this.encoder ??= this.find(this.stream, this.namespace);
        behind = encoder?.encodeData(source, at + DATA.length, end) ?? NOT_FOUND;
      } else if (!dated && standsAt(source, at, EMITTED_AT)) {
        behind = this.readEmittedAt(source, at + EMITTED_AT.length, end);
        dated = true;
      } else {
        const meta = NO_META.find((form) => standsAt(source, at, form));
        behind = meta === undefined ? NOT_FOUND : at + meta.length;
      }
      if (behind < 0) return undefined;
      const separator = source[behind];
      if (separator === CLOSE_BRACE) {
        const complete = behind + 2 === end && source[behind + 1] === CLOSE_BRACE && dated;
        return complete ? encoder : undefined;
      }
      if (separator !== COMMA) return undefined;
      at = behind + 1;
    }
  }

  /** The name before it is the one to expect: then nothing is looked up. */
  private readStream(source: Buffer, at: number, end: number): number {
    const known = this.streamBytes;
    if (known.length > 0 && standsAt(source, at, known)) return at + known.length;
    const behind = source[at] === QUOTE ? endOfString(source, at, end, this.notes) : NOT_FOUND;
    if (behind === NOT_FOUND) return NOT_FOUND;
    this.streamBytes = Buffer.from(source.subarray(at, behind));
    this.stream = this.streamBytes.toString('utf8');
    this.encoder = undefined;
    return behind;
  }

  private readNamespace(source: Buffer, at: number, end: number): number {
    const known = this.namespaceBytes;
    if (known.length > 0 && standsAt(source, at, known)) return at + known.length;
    const behind = endOfValue(source, at, end, this.notes);
    if (behind === NOT_FOUND) return NOT_FOUND;
    this.namespaceBytes = Buffer.from(source.subarray(at, behind));
    this.setNamespace(this.namespaceBytes.toString('utf8'));
    return behind;
  }

  private setNamespace(token: string): void {
    if (token === this.namespace) return;
    this.namespace = token;
    if (token === 'null') this.namespaceBytes = Buffer.from(token);
    this.encoder = undefined;
  }

  private readEmittedAt(source: Buffer, at: number, end: number): number {
    let value = 0;
    let behind = at;
    for (; behind < end; behind += 1) {
      const digit = (source[behind] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    // Below 2^52 in microseconds, which is the year 2112; no leading zero, which JSON does not know.
    const digits = behind - at;
    if (digits === 0 || digits > 13 || (digits > 1 && source[at] === 0x30) || value >= 4_503_599_627_370)
      return NOT_FOUND;
    this.emittedAtMs = value;
    return behind;
  }
}
