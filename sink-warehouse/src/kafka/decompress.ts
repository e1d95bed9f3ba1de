import { gunzipSync } from 'node:zlib';
import { Failure } from '@ewallet/failure';
import type { RecordBatchHeader } from './record-batch';

const NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** The uncompressed records of a batch, and where they start in the bytes returned. */
export function uncompressedRecords(
  buffer: Buffer,
  header: RecordBatchHeader,
): { readonly bytes: Buffer; readonly start: number } {
  switch (header.codec) {
    case 0:
      return { bytes: buffer, start: header.recordsStart };
    case 1:
      return { bytes: gunzipSync(buffer.subarray(header.recordsStart, header.end)), start: 0 };
    default:
      throw Failure.config(
        `Records are compressed with ${NAMES[header.codec] ?? `codec ${header.codec}`}, which the sink does not read: set compression of the producer to gzip or none.`,
      );
  }
}
