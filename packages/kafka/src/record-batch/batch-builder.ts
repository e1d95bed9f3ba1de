import { crc32c } from '@node-rs/crc32';
import { BatchBuffers } from './batch-buffers';
import { AT, ATTRIBUTE, BATCH_HEADER_BYTES, CHECKED_FROM, LENGTH_COUNTS_FROM, MAGIC, type CodecId } from './layout';

/** A batch that only lacks what is known when it is sent: producer and sequence. */
export interface SealedBatch {
  readonly topic: string;
  readonly partition: number;
  /** Room for the header, then the records, compressed where the attributes say so. */
  readonly bytes: Buffer;
  readonly records: number;
  readonly compression: CodecId;
  readonly timestamp: number;
  /** Called once the brokers have the batch and nothing reads its bytes any more: its memory is used again. */
  readonly written?: () => void;
}

export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
}

/** Fills the header in place. A retry fills it again with the same identity, so the bytes are the same. */
export function fillBatchHeader(batch: SealedBatch, identity: BatchIdentity): void {
  const { bytes, records, compression, timestamp } = batch;
  bytes.writeBigInt64BE(0n, AT.baseOffset); // the broker's
  bytes.writeInt32BE(bytes.length - LENGTH_COUNTS_FROM, AT.length);
  bytes.writeInt32BE(-1, AT.leaderEpoch); // the broker's
  bytes.writeInt8(MAGIC, AT.magic);
  bytes.writeInt16BE(ATTRIBUTE.transactional | compression, AT.attributes);
  bytes.writeInt32BE(records - 1, AT.lastOffsetDelta);
  bytes.writeBigInt64BE(BigInt(timestamp), AT.baseTimestamp);
  bytes.writeBigInt64BE(BigInt(timestamp), AT.maxTimestamp);
  bytes.writeBigInt64BE(identity.producerId, AT.producerId);
  bytes.writeInt16BE(identity.producerEpoch, AT.producerEpoch);
  bytes.writeInt32BE(identity.firstSequence, AT.baseSequence);
  bytes.writeInt32BE(records, AT.recordCount);
  bytes.writeUInt32BE(crc32c(bytes.subarray(CHECKED_FROM)), AT.crc);
}

const MAX_SEQUENCE = 0x7fffffff;

/** Sequences count records and wrap from 2^31 - 1 to 0, as the broker counts them. */
export function nextSequence(sequence: number, records: number): number {
  return sequence > MAX_SEQUENCE - records ? records - (MAX_SEQUENCE - sequence) - 1 : sequence + records;
}

/** Encoded length of a zigzag varint. */
function varintBytes(value: number): number {
  let rest = (value << 1) ^ (value >> 31);
  let bytes = 1;
  for (rest >>>= 0; rest >= 0x80; rest >>>= 7) bytes += 1;
  return bytes;
}

/** @returns the position behind it */
export function writeVarint(bytes: Uint8Array, position: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = position;
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** A stretch of bytes: what an encoder left in its scratch buffer, without a view made for it. */
export interface Span {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** Of `bytes`, by whoever keeps it over many records: then the span is copied by words. */
  readonly view?: DataView;
}

/** Shorter spans are copied byte by byte: to call into the engine's copy costs as much as some 20 bytes do. */
const SHORT_BYTES = 20;

/** Bytes, and a view to read or write four of them at once. */
interface Viewed {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/**
 * `Buffer.copy` makes an array for each part of a buffer that it copies, which cost a sync 7 % of its time: whole buffers
 * go through `set`, parts by words.
 *
 * @returns the position behind it
 */
function copySpan({ bytes, start, end, view }: Span, target: Viewed, position: number): number {
  const to = target.bytes;
  const length = end - start;
  if (start === 0 && length === bytes.length && length > SHORT_BYTES) {
    to.set(bytes, position);
    return position + length;
  }
  let from = start;
  let at = position;
  if (view !== undefined) {
    for (; from + 4 <= end; from += 4, at += 4) target.view.setUint32(at, view.getUint32(from, true), true);
  } else if (length > SHORT_BYTES) {
    return position + bytes.copy(to, position, start, end);
  }
  for (; from < end; from += 1) to[at++] = bytes[from] ?? 0;
  return at;
}

function viewed(bytes: Buffer): Viewed {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** Worst case around key, value and headers of one record: six varints and the attributes. */
const RECORD_OVERHEAD = 31;

/** Collects the records of one partition into one buffer, laid out as Kafka stores them. */
export class BatchBuilder {
  private target: Viewed;
  private end = BATCH_HEADER_BYTES;
  private recordCount = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    capacity: number,
    private readonly buffers = new BatchBuffers(0),
  ) {
    this.target = viewed(buffers.take(capacity));
  }

  get records(): number {
    return this.recordCount;
  }

  /** Bytes of the batch if it were sealed now. */
  get size(): number {
    return this.end;
  }

  static recordBytes(key: number, value: number, headers: number): number {
    return key + value + headers + RECORD_OVERHEAD;
  }

  /**
   * @param key undefined for the null key
   * @param value undefined for a tombstone
   * @param headers the encoded headers, their count included
   */
  append(key: Span | undefined, value: Span | undefined, headers: Span): void {
    const keyLength = key === undefined ? -1 : key.end - key.start;
    const valueLength = value === undefined ? -1 : value.end - value.start;
    const headersLength = headers.end - headers.start;
    const body =
      2 + // attributes, and the timestamp's delta of zero
      varintBytes(this.recordCount) +
      varintBytes(keyLength) +
      Math.max(keyLength, 0) +
      varintBytes(valueLength) +
      Math.max(valueLength, 0) +
      headersLength;
    this.reserve(body + 5);
    const { target } = this;
    const { bytes } = target;
    let at = writeVarint(bytes, this.end, body);
    bytes[at++] = 0;
    bytes[at++] = 0;
    at = writeVarint(bytes, at, this.recordCount);
    at = writeVarint(bytes, at, keyLength);
    if (key !== undefined) at = copySpan(key, target, at);
    at = writeVarint(bytes, at, valueLength);
    if (value !== undefined) at = copySpan(value, target, at);
    at = copySpan(headers, target, at);
    this.end = at;
    this.recordCount += 1;
  }

  /** @param timestamp milliseconds since the epoch, of every record in the batch */
  seal(timestamp: number): SealedBatch {
    const { buffers } = this;
    const { bytes } = this.target;
    return {
      topic: this.topic,
      partition: this.partition,
      bytes: bytes.subarray(0, this.end),
      records: this.recordCount,
      compression: 0,
      timestamp,
      written: () => {
        buffers.giveBack(bytes);
      },
    };
  }

  private reserve(more: number): void {
    const { bytes } = this.target;
    if (this.end + more <= bytes.length) return;
    const larger = this.buffers.take(Math.max(bytes.length * 2, this.end + more));
    bytes.copy(larger, 0, 0, this.end);
    this.buffers.giveBack(bytes);
    this.target = viewed(larger);
  }
}
