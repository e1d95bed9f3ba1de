import { AT, ATTRIBUTE, BATCH_HEADER_BYTES, LENGTH_COUNTS_FROM, MAGIC } from './layout';

/**
 * Kafka's record batch, format v2, read in place: no object per record, because a million small objects a second is what
 * a JavaScript consumer spends its time on.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export interface RecordBatchHeader {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly hasLogAppendTime: boolean;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly codec: number;
  readonly recordCount: number;
  /** Where the (possibly compressed) records lie in the buffer that was read. */
  readonly recordsStart: number;
  readonly end: number;
}

/**
 * The batch that starts at `position`, or undefined where the rest of the buffer holds no whole batch: a broker cuts the
 * last batch of a response wherever the byte limit falls.
 */
export function readRecordBatchHeader(buffer: Buffer, position: number): RecordBatchHeader | undefined {
  if (buffer.length - position < BATCH_HEADER_BYTES) return undefined;
  const end = position + LENGTH_COUNTS_FROM + buffer.readInt32BE(position + AT.length);
  if (end > buffer.length) return undefined;
  const magic = buffer.readInt8(position + AT.magic);
  if (magic !== MAGIC)
    throw new RangeError(`record batch format ${magic} is not supported, only ${MAGIC} (Kafka 0.11 and later)`);
  const attributes = buffer.readInt16BE(position + AT.attributes);
  const baseOffset = Number(buffer.readBigInt64BE(position + AT.baseOffset));
  return {
    baseOffset,
    lastOffset: baseOffset + buffer.readInt32BE(position + AT.lastOffsetDelta),
    baseTimestamp: Number(buffer.readBigInt64BE(position + AT.baseTimestamp)),
    maxTimestamp: Number(buffer.readBigInt64BE(position + AT.maxTimestamp)),
    producerId: buffer.readBigInt64BE(position + AT.producerId),
    codec: attributes & ATTRIBUTE.codec,
    hasLogAppendTime: (attributes & ATTRIBUTE.logAppendTime) !== 0,
    isTransactional: (attributes & ATTRIBUTE.transactional) !== 0,
    isControl: (attributes & ATTRIBUTE.control) !== 0,
    recordCount: buffer.readInt32BE(position + AT.recordCount),
    recordsStart: position + BATCH_HEADER_BYTES,
    end,
  };
}

/** The offset after the last whole batch of a response, or undefined where it holds none. */
export function offsetAfter(records: Buffer): number | undefined {
  let next: number | undefined;
  for (let position = 0; ;) {
    const header = readRecordBatchHeader(records, position);
    if (header === undefined) return next;
    next = header.lastOffset + 1;
    position = header.end;
  }
}

/**
 * One record after another of a batch's uncompressed bytes. The fields describe the record that `next()` moved to; -1 as
 * a start means null.
 */
export class RecordCursor {
  offset = 0;
  timestamp = 0;
  start = 0;
  end = 0;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  headersStart = 0;
  bytes: Buffer = Buffer.alloc(0);
  private remaining = 0;
  private at = 0;
  private header: Pick<RecordBatchHeader, 'baseOffset' | 'baseTimestamp' | 'hasLogAppendTime' | 'maxTimestamp'> = {
    baseOffset: 0,
    baseTimestamp: 0,
    hasLogAppendTime: false,
    maxTimestamp: 0,
  };

  /** Points the cursor before the first record of `bytes`, which hold `header.recordCount` uncompressed records. */
  open(header: RecordBatchHeader, bytes: Buffer): void {
    this.header = header;
    this.bytes = bytes;
    this.at = 0;
    this.remaining = header.recordCount;
  }

  /** Points the cursor at the one record that starts at `start`, as `start` told when it was read before. */
  reopen(header: RecordBatchHeader, bytes: Buffer, start: number): void {
    this.header = header;
    this.bytes = bytes;
    this.at = start;
    this.remaining = 1;
    this.next();
  }

  next(): boolean {
    if (this.remaining === 0) return false;
    this.remaining -= 1;
    this.start = this.at;
    const length = this.varint();
    this.end = this.at + length;
    if (length < 0 || this.end > this.bytes.length) throw new RangeError('a record is longer than its batch');
    this.at += 1; // attributes, unused
    const timestampDelta = this.varlong();
    this.timestamp = this.header.hasLogAppendTime
      ? this.header.maxTimestamp
      : this.header.baseTimestamp + timestampDelta;
    this.offset = this.header.baseOffset + this.varint();
    const keyLength = this.varint();
    this.keyStart = keyLength < 0 ? -1 : this.at;
    this.keyEnd = keyLength < 0 ? -1 : (this.at += keyLength);
    const valueLength = this.varint();
    this.valueStart = valueLength < 0 ? -1 : this.at;
    this.valueEnd = valueLength < 0 ? -1 : (this.at += valueLength);
    this.headersStart = this.at;
    this.at = this.end;
    return true;
  }

  /** The headers of the current record, in order; a name may occur more than once. Made only where somebody asks. */
  headers(): { readonly name: string; readonly value: Buffer | null }[] {
    const back = this.at;
    this.at = this.headersStart;
    const count = this.varint();
    const headers = Array.from({ length: count }, () => {
      const nameLength = this.varint();
      const name = this.bytes.toString('utf8', this.at, (this.at += nameLength));
      const valueLength = this.varint();
      const value = valueLength < 0 ? null : this.bytes.subarray(this.at, (this.at += valueLength));
      return { name, value };
    });
    this.at = back;
    return headers;
  }

  /** Zigzag varint of at most 32 bits. */
  private varint(): number {
    const bytes = this.bytes;
    let byte = bytes[this.at++] ?? 0;
    let value = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      byte = bytes[this.at++] ?? 0;
      value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  /** Zigzag varint of at most 64 bits, as a number: exact for millisecond differences (2^53 ms are 285,000 years). */
  private varlong(): number {
    const bytes = this.bytes;
    let byte = bytes[this.at++] ?? 0;
    let value = byte & 0x7f;
    for (let factor = 128; byte > 0x7f; factor *= 128) {
      byte = bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * factor;
    }
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }
}
