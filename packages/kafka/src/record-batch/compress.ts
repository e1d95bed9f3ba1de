import type { SealedBatch } from './batch-builder';
import { codecNamed, type CodecName } from './codecs';
import { BATCH_HEADER_BYTES } from './layout';

export type Compress = (batch: SealedBatch) => Promise<SealedBatch>;

/** Compresses the records of a batch as Kafka wants it: everything behind the header. */
export function compressor(name: CodecName): Compress {
  const codec = codecNamed(name);
  if (codec.id === 0) return (batch) => Promise.resolve(batch);
  return async (batch) => {
    const records = await codec.compress(batch.bytes.subarray(BATCH_HEADER_BYTES));
    return { ...batch, compression: codec.id, bytes: Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), records]) };
  };
}
