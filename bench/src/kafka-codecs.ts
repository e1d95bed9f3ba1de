import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { decompressFrameSync } from 'lz4-napi';
import { uncompress } from 'snappy';

/** Teaches kafkajs, which brings only gzip, to read what the destination compresses. */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.LZ4] = reading((bytes) => decompressFrameSync(bytes));
  CompressionCodecs[CompressionTypes.Snappy] = reading((bytes) => uncompress(bytes, { asBuffer: true }));
  CompressionCodecs[CompressionTypes.ZSTD] = reading(async (bytes) => {
    const { Zstd } = await import('@hpcc-js/wasm-zstd');
    const zstd = await Zstd.load(); // the same instance each time
    return Buffer.from(zstd.decompress(bytes));
  });
}

function reading(decompress: (bytes: Buffer) => unknown): () => {
  compress(): Promise<never>;
  decompress(bytes: Buffer): Promise<unknown>;
} {
  return () => ({
    compress: () => Promise.reject(new TypeError('the benchmark only reads')),
    decompress: (bytes) => Promise.resolve(decompress(bytes)),
  });
}
