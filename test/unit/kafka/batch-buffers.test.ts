import { BATCH_HEADER_BYTES, BatchBuffers, BatchBuilder } from '@ewallet/kafka';

const text = (value: string): { bytes: Buffer; start: number; end: number } => {
  const bytes = Buffer.from(value);
  return { bytes, start: 0, end: bytes.length };
};
const noHeaders = { bytes: Buffer.from([0]), start: 0, end: 1 };

test('memory that is given back holds a later batch, if it is large enough for it', () => {
  const buffers = new BatchBuffers(10_000);
  const first = buffers.take(1_000);
  buffers.giveBack(first);
  expect(buffers.take(1_001)).not.toBe(first);
  expect(buffers.take(500)).toBe(first);
  expect(buffers.take(500)).not.toBe(first);
});

test('no more is kept than the limit, which is free again once memory is taken', () => {
  const buffers = new BatchBuffers(2_000);
  const [a, b, c] = [buffers.take(1_000), buffers.take(1_000), buffers.take(1_000)];
  for (const one of [a, b, c]) buffers.giveBack(one);
  expect([buffers.take(1_000), buffers.take(1_000)]).toEqual([a, b]);
  buffers.giveBack(c);
  expect(buffers.take(1_000)).toBe(c);
});

test('a batch that outgrew its memory and one in memory of a batch before have their own records, and no others', () => {
  const buffers = new BatchBuffers(1 << 20);
  const values: string[] = [];
  for (const length of [10, 3_000, 20, 5_000, 1]) {
    const builder = new BatchBuilder('t', 0, 100, buffers);
    builder.append(undefined, text(String(length).repeat(length)), noHeaders);
    const batch = builder.seal(5);
    values.push(batch.bytes.toString('latin1', BATCH_HEADER_BYTES));
    batch.written?.();
  }
  const alone = [10, 3_000, 20, 5_000, 1].map((length) => {
    const builder = new BatchBuilder('t', 0, 1 << 16);
    builder.append(undefined, text(String(length).repeat(length)), noHeaders);
    return builder.seal(5).bytes.toString('latin1', BATCH_HEADER_BYTES);
  });
  expect(values).toEqual(alone);
});

test('a part of a buffer is copied with a view of it as without one, whatever its length', () => {
  const scratch = Buffer.from(Array.from({ length: 300 }, (_, at) => at & 255));
  const view = new DataView(scratch.buffer, scratch.byteOffset, scratch.length);
  for (let length = 0; length < 70; length += 1) {
    const span = { bytes: scratch, start: 5, end: 5 + length };
    const [without, with_] = [span, { ...span, view }].map((value) => {
      const builder = new BatchBuilder('t', 0, 64);
      builder.append(value, value, noHeaders);
      return builder.seal(5).bytes.subarray(BATCH_HEADER_BYTES).toString('hex');
    });
    expect(with_).toBe(without);
  }
});
