import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { compressFrame } from 'lz4-napi';
import { compress as compressSnappy } from 'snappy';
import type { Compression } from '../config/config';
import { BATCH_HEADER_BYTES, type CompressionId, type SealedBatch } from './record-batch';

const gzipAsync = promisify(gzip);

/** Level 1 of gzip and zstd: the higher ones take several times as long for a few percent on rows this small. */
const FASTEST = 1;

type Codec = (records: Buffer) => Promise<Uint8Array>;
export type Compress = (batch: SealedBatch) => Promise<SealedBatch>;

function withCodec(id: CompressionId, codec: Codec): Compress {
  return async (batch) => {
    const records = await codec(batch.bytes.subarray(BATCH_HEADER_BYTES));
    return { ...batch, compression: id, bytes: Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), records]) };
  };
}

/** WebAssembly, because Node has zstd of its own only from 22.15 on. An ES module, hence the import at run time. */
async function zstd(): Promise<Codec> {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const module = await Zstd.load();
  return (records) => Promise.resolve(module.compress(records, FASTEST));
}

/** Compresses the records of a batch as Kafka wants it: everything behind the header, in the codec's frame format. */
export async function compressor(compression: Compression): Promise<Compress> {
  switch (compression) {
    case 'none':
      return (batch) => Promise.resolve(batch);
    case 'gzip':
      return withCodec(1, (records) => gzipAsync(records, { level: FASTEST }));
    case 'snappy':
      return withCodec(2, (records) => compressSnappy(records));
    case 'lz4':
      return withCodec(3, (records) => compressFrame(records));
    case 'zstd':
      return withCodec(4, await zstd());
    default:
      return compression satisfies never;
  }
}
