import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { decompress } from '@ewallet/kafka';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';

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
  ['no codec', 0, records],
  ['gzip', 1, gzipSync(records)],
  ['snappy', 2, compressSync(records)],
  [
    'snappy in xerial blocks',
    2,
    xerial([compressSync(records.subarray(0, 3000)), compressSync(records.subarray(3000))]),
  ],
  ['lz4', 3, compressFrameSync(records)],
])('records in %s come out as they went in', async (_, codec, compressed) => {
  // As a batch's records lie in what was read: with something before and behind them.
  const read = Buffer.concat([Buffer.alloc(7), compressed, Buffer.alloc(9)]);
  const bytes = await decompress(codec, read.subarray(7, 7 + compressed.length));
  expect(bytes.equals(records)).toBe(true);
});

test('records in zstd come out as they went in', () => {
  // The codec is an ES module, which jest's sandbox does not import: Node itself runs the built program.
  const script = `(async () => {
    const { Zstd } = await import('@hpcc-js/wasm-zstd');
    const { decompress } = require('./dist/record-batch/codecs.js');
    const compressed = (await Zstd.load()).compress(Buffer.from('records '.repeat(1000)));
    const read = Buffer.concat([Buffer.alloc(7), compressed, Buffer.alloc(9)]);
    process.stdout.write(await decompress(4, read.subarray(7, 7 + compressed.length)));
  })();`;
  const cwd = join(__dirname, '../../../packages/kafka');
  expect(execFileSync(process.execPath, ['-e', script], { cwd }).toString()).toBe(records.toString());
});

test('a codec that Kafka does not know is refused', () => {
  expect(() => decompress(5, records)).toThrow('Records are compressed with codec 5, which Kafka 4.1 does not know.');
});
