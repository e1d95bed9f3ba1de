import { decompress } from '@ewallet/avro';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';

/** Teaches kafkajs, which brings only gzip, to read what the destination compresses. */
export function registerCodecs(): void {
  for (const codec of [CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD] as const) {
    CompressionCodecs[codec] = () => ({
      compress: () => Promise.reject(new TypeError('the benchmark only reads')),
      decompress: (bytes: Buffer) => Promise.resolve(decompress(codec, bytes)),
    });
  }
}
