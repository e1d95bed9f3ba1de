import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { uncompressedRecords } from '../../../sink-warehouse/src/kafka/decompress';

const records = Buffer.from('records '.repeat(1000));

/** Java's producers put snappy blocks behind this header. */
function xerial(blocks: readonly Buffer[]): Buffer {
  const framed = blocks.map((block) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    return Buffer.concat([length, block]);
  });
  return Buffer.concat([Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]), ...framed]);
}

test.each([
  ['gzip', 1, gzipSync(records)],
  ['snappy', 2, compressSync(records)],
  [
    'snappy in xerial blocks',
    2,
    xerial([compressSync(records.subarray(0, 3000)), compressSync(records.subarray(3000))]),
  ],
  ['lz4', 3, compressFrameSync(records)],
])('records in %s come out as they went in', async (_, codec, compressed) => {
  const header = { codec, recordsStart: 7, end: 7 + compressed.length } as Parameters<typeof uncompressedRecords>[1];
  const { bytes, start } = await uncompressedRecords(
    Buffer.concat([Buffer.alloc(7), compressed, Buffer.alloc(9)]),
    header,
  );
  expect(bytes.subarray(start).equals(records)).toBe(true);
});

test('records in zstd come out as they went in', () => {
  // The codec is an ES module, which jest's sandbox does not import: Node itself runs the built program.
  const script = `(async () => {
    const { Zstd } = await import('@hpcc-js/wasm-zstd');
    const { uncompressedRecords } = require('./dist/kafka/decompress.js');
    const compressed = (await Zstd.load()).compress(Buffer.from('records '.repeat(1000)));
    const framed = Buffer.concat([Buffer.alloc(7), compressed, Buffer.alloc(9)]);
    const { bytes, start } = await uncompressedRecords(framed, { codec: 4, recordsStart: 7, end: 7 + compressed.length });
    process.stdout.write(bytes.subarray(start));
  })();`;
  const cwd = join(__dirname, '../../../sink-warehouse');
  expect(execFileSync(process.execPath, ['-e', script], { cwd }).toString()).toBe(records.toString());
});
