/**
 * Where the fields of a record batch's header lie, format 2: 61 bytes, then the records.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export const BATCH_HEADER_BYTES = 61;

/** Byte offsets from the start of the batch. */
export const AT = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const;

/** The length field counts what follows it. */
export const LENGTH_COUNTS_FROM = AT.leaderEpoch;
/** The checksum covers everything from the attributes on. */
export const CHECKED_FROM = AT.attributes;
export const MAGIC = 2;

export const ATTRIBUTE = { codec: 0x07, logAppendTime: 0x08, transactional: 0x10, control: 0x20 } as const;

/** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
export type CodecId = 0 | 1 | 2 | 3 | 4;
