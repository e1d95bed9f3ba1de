import type { GrowingBuffer } from '../bytes/growing-buffer';
import type { AvroBytes } from './avro-bytes';
import { MAX_SMALL_NUMERIC_BYTES, numericFromDigits, writeScaledInteger } from './numeric-binary';

/** Two's complement, big endian. Six bytes hold every amount below 1.4e14 units: those need no BigInt. */
export function writeDecimal(reader: AvroBytes, length: number, scale: number, out: GrowingBuffer): void {
  const { bytes, at } = reader;
  reader.forward(length);
  if (length > 0 && length <= 6 && scale >= 0) {
    out.reserve(4 + MAX_SMALL_NUMERIC_BYTES + scale);
    const start = out.length;
    out.length = writeScaledInteger(out.bytes, start + 4, bytes.readIntBE(at, length), scale);
    out.bytes.writeInt32BE(out.length - start - 4, start);
    return;
  }
  if (length === 0) throw new RangeError('a decimal of no bytes');
  const unscaled = BigInt.asIntN(length * 8, BigInt(`0x${bytes.toString('hex', at, at + length)}`));
  const negative = unscaled < 0n;
  out.field(numericFromDigits(negative, (negative ? -unscaled : unscaled).toString(), scale));
}
