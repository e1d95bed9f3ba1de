import { LineBuffers, lineBuffers } from '../../../source-ewallet/src/copy/line-buffers';
import { recordEncoder } from '../../../source-ewallet/src/copy/record-encoder';

const columns = [{ name: 'id', type: { kind: 'int64' as const } }];
const rowOf = (id: number): Buffer => Buffer.from(`${id}\n`);
const lineOf = (id: number): string => `{"type":"RECORD","record":{"stream":"s","data":{"id":${id}},"emitted_at":5}}\n`;
const textOf = (lines: Uint8Array | undefined): string => Buffer.from(lines ?? []).toString();

function lines(encoder: ReturnType<typeof recordEncoder>, id: number): Uint8Array | undefined {
  const row = rowOf(id);
  encoder.encode(row, 0, row.length, 5);
  return encoder.flush();
}

test('lines that nobody gave back stay as they are, however many come after them', () => {
  const encoder = recordEncoder({ name: 's' }, columns);
  const kept = Array.from({ length: 20 }, (_, id) => lines(encoder, id));
  expect(kept.map(textOf)).toEqual(Array.from({ length: 20 }, (_, id) => lineOf(id)));
});

test('the memory of lines that were given back holds later ones', () => {
  const encoder = recordEncoder({ name: 's' }, columns);
  const first = lines(encoder, 1);
  if (first === undefined) throw new Error('no lines');
  lineBuffers.giveBack(first);
  lines(encoder, 2); // it had its memory already
  const later = lines(encoder, 3);
  expect(later?.buffer).toBe(first.buffer);
  expect(textOf(later)).toBe(lineOf(3));
});

test('memory that is given back twice is given out once', () => {
  const buffers = new LineBuffers(1_024);
  const taken = buffers.take();
  buffers.giveBack(taken.subarray(0, 10));
  buffers.giveBack(taken.subarray(0, 20));
  expect(buffers.take().buffer).toBe(taken.buffer);
  expect(buffers.take().buffer).not.toBe(taken.buffer);
});

test('memory of another size is not kept, nor more than four pieces', () => {
  const buffers = new LineBuffers(1_024);
  buffers.giveBack(Buffer.allocUnsafeSlow(2_048));
  const given = Array.from({ length: 5 }, () => Buffer.allocUnsafeSlow(1_024));
  for (const one of given) buffers.giveBack(one);
  const taken = Array.from({ length: 5 }, () => buffers.take().buffer);
  expect(given.filter(({ buffer }) => taken.includes(buffer))).toHaveLength(4);
});
