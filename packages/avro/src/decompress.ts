import { gunzipSync } from 'node:zlib';
import { decompressFrameSync } from 'lz4-napi';
import { uncompressSync } from 'snappy';
import { Failure } from '@ewallet/failure';

/**
 * What was compressed with one of Kafka's codecs, by the number that a record batch says it by. A promise only for zstd,
 * which is WebAssembly: Node has zstd of its own only from 22.15 on.
 *
 * @throws Failure (config) for a codec that Kafka 4.1 does not know
 */
export function decompress(codec: number, compressed: Buffer): Buffer | Promise<Buffer> {
  switch (codec) {
    case 0:
      return compressed;
    case 1:
      return gunzipSync(compressed);
    case 2:
      return unsnap(compressed);
    case 3:
      return decompressFrameSync(compressed);
    case 4:
      return unzstd(compressed);
    default:
      throw Failure.config(`Records are compressed with codec ${codec}, which Kafka 4.1 does not know.`);
  }
}

async function unzstd(compressed: Buffer): Promise<Buffer> {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const zstd = await Zstd.load(); // the same instance each time
  return Buffer.from(zstd.decompress(compressed));
}

/** Java's producers frame snappy in blocks (xerial): magic, two versions, then each block after its length. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER_BYTES = 16;

function unsnap(compressed: Buffer): Buffer {
  if (!compressed.subarray(0, XERIAL.length).equals(XERIAL)) return unsnapBlock(compressed);
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < compressed.length;) {
    const length = compressed.readInt32BE(at);
    blocks.push(unsnapBlock(compressed.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}

function unsnapBlock(block: Buffer): Buffer {
  const bytes = uncompressSync(block, { asBuffer: true });
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}
