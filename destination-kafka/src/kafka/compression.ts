import { Failure } from '@ewallet/failure';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Compression } from '../config/config';
import { BATCH_HEADER_BYTES, type CompressionId, type SealedBatch } from './record-batch';

const gzipAsync = promisify(gzip);

type Codec = (records: Buffer) => Promise<Buffer>;

function withCodec(id: CompressionId, codec: Codec): (batch: SealedBatch) => Promise<SealedBatch> {
  return async (batch) => {
    const records = await codec(batch.bytes.subarray(BATCH_HEADER_BYTES));
    return { ...batch, compression: id, bytes: Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), records]) };
  };
}

/** Compresses the records of a batch, as Kafka wants it: everything behind the header. */
export function compressor(compression: Compression): (batch: SealedBatch) => Promise<SealedBatch> {
  switch (compression) {
    case 'none':
      return (batch) => Promise.resolve(batch);
    case 'gzip':
      return withCodec(1, (records) => gzipAsync(records, { level: 1 }));
    case 'snappy':
    case 'lz4':
    case 'zstd':
      throw Failure.config(`"compression_type" ${compression} is not available yet.`);
    default:
      return compression satisfies never;
  }
}
