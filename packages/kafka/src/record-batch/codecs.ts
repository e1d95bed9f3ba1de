import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { compressFrame, decompressFrameSync } from 'lz4-napi';
import { compress as compressSnappy } from 'snappy';
import { Failure } from '@ewallet/failure';
import type { CodecId } from './layout';
import { unsnap } from './snappy-frames';

const gzipAsync = promisify(gzip);

/** Level 1 of gzip and zstd: the higher ones take several times as long for a few percent on rows this small. */
const FASTEST = 1;

/** One of Kafka's codecs, in the frame format that Kafka wants: everything behind the batch header. */
interface Codec {
  readonly id: CodecId;
  readonly compress: (records: Buffer) => Promise<Uint8Array>;
  /** A promise only for zstd, as callers decode millions of batches and a promise each costs more than the call. */
  readonly decompress: (compressed: Buffer) => Buffer | Promise<Buffer>;
}

/** Kafka's codecs by the name that users write; the only table of them. */
const CODECS = {
  none: { id: 0, compress: (records) => Promise.resolve(records), decompress: (compressed) => compressed },
  gzip: {
    id: 1,
    compress: (records) => gzipAsync(records, { level: FASTEST }),
    decompress: (bytes) => gunzipSync(bytes),
  },
  snappy: { id: 2, compress: (records) => compressSnappy(records), decompress: unsnap },
  lz4: { id: 3, compress: (records) => compressFrame(records), decompress: (bytes) => decompressFrameSync(bytes) },
  zstd: {
    id: 4,
    compress: async (records) => (await zstd()).compress(records, FASTEST),
    decompress: async (bytes) => Buffer.from((await zstd()).decompress(bytes)),
  },
} as const satisfies Record<string, Codec>;

export type CodecName = keyof typeof CODECS;

const BY_ID: ReadonlyMap<number, Codec> = new Map(Object.values(CODECS).map((codec) => [codec.id, codec]));

export function codecNamed(name: CodecName): Codec {
  return CODECS[name];
}

/**
 * What was compressed with one of Kafka's codecs, by the number in the batch's attributes.
 *
 * @throws Failure (config) for a codec that Kafka 4.1 does not know
 */
export function decompress(codec: number, compressed: Buffer): Buffer | Promise<Buffer> {
  const known = BY_ID.get(codec);
  if (known === undefined)
    throw Failure.config(`Records are compressed with codec ${codec}, which Kafka 4.1 does not know.`);
  return known.decompress(compressed);
}

/** WebAssembly, because Node has zstd of its own only from 22.15 on. An ES module, hence the import at run time. */
async function zstd() {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  return Zstd.load(); // the same instance each time
}
