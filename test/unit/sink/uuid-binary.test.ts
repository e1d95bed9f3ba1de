import { appendUuid } from '../../../sink-warehouse/src/avro/uuid-binary';
import { GrowingBuffer } from '../../../sink-warehouse/src/bytes/growing-buffer';

function appended(text: string): string {
  const out = new GrowingBuffer(1);
  const bytes = Buffer.from(`before${text}after`);
  appendUuid(bytes, 6, bytes.length - 5, out);
  return out.bytes.toString('hex', 0, out.length);
}

const field = '0000001000112233445566778899aabbccddeeff';

test.each([
  ['00112233-4455-6677-8899-aabbccddeeff'],
  ['00112233-4455-6677-8899-AABBCCDDEEFF'],
  ['00112233445566778899aabbccddeeff'],
])('%s is sixteen bytes after their length', (text) => {
  expect(appended(text)).toBe(field);
});

test.each([
  [''],
  ['00112233-4455-6677-8899-aabbccddeef'],
  ['00112233-4455-6677-8899-aabbccddeeff0'],
  ['00112233--4455-6677-8899-aabbccddeeff'],
  ['0011223-34455-6677-8899-aabbccddeeff'],
  ['00112233-4455-6677-8899-aabbccddeeff-'],
  ['-00112233-4455-6677-8899-aabbccddeeff'],
  ['00112233-4455-6677-8899-aabbccddeefg'],
  ['{00112233-4455-6677-8899-aabbccddeeff}'],
])('%s is refused', (text) => {
  expect(() => appended(text)).toThrow(new RangeError('text that is no UUID'));
});
