import { gunzipSync } from 'node:zlib';
import { decompressFrameSync } from 'lz4-napi';
import { uncompressSync } from 'snappy';
import { Failure } from '@ewallet/failure';
import type { RecordBatchHeader } from './record-batch';

interface Uncompressed {
  readonly bytes: Buffer;
  /** Where the records start in the bytes. */
  readonly start: number;
}

/**
 * The uncompressed records of a batch, whichever of Kafka's codecs its producer used. A promise only for zstd, which is
 * WebAssembly: Node has zstd of its own only from 22.15 on.
 */
export function uncompressedRecords(buffer: Buffer, header: RecordBatchHeader): Uncompressed | Promise<Uncompressed> {
  const compressed = buffer.subarray(header.recordsStart, header.end);
  switch (header.codec) {
    case 0:
      return { bytes: buffer, start: header.recordsStart };
    case 1:
      return { bytes: gunzipSync(compressed), start: 0 };
    case 2:
      return { bytes: unsnap(compressed), start: 0 };
    case 3:
      return { bytes: decompressFrameSync(compressed), start: 0 };
    case 4:
      return unzstd(compressed);
    default:
      throw Failure.config(`Records are compressed with codec ${header.codec}, which Kafka 4.1 does not know.`);
  }
}

async function unzstd(compressed: Buffer): Promise<Uncompressed> {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const zstd = await Zstd.load(); // the same instance each time
  return { bytes: Buffer.from(zstd.decompress(compressed)), start: 0 };
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
