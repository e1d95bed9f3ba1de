/** Writes Avro primitives into bytes that are known to have room. Each returns the position behind what it wrote. */

const TWO_28 = 2 ** 28;
/** Up to here the zigzag form, twice the number, is exact in a double. */
export const LARGEST_FAST_LONG = 2 ** 52;

/** @param value an integer with |value| < 2^52 */
export function writeLong(target: Uint8Array, position: number, value: number): number {
  const zigzag = value >= 0 ? value * 2 : value * -2 - 1;
  let at = position;
  const high = Math.floor(zigzag / TWO_28);
  let low = zigzag - high * TWO_28;
  if (high > 0) {
    // Four groups of seven bits, then the rest, which is below 2^25.
    target[at] = (low & 0x7f) | 0x80;
    target[at + 1] = ((low >>> 7) & 0x7f) | 0x80;
    target[at + 2] = ((low >>> 14) & 0x7f) | 0x80;
    target[at + 3] = ((low >>> 21) & 0x7f) | 0x80;
    at += 4;
    low = high;
  }
  for (; low >= 0x80; low >>>= 7) target[at++] = (low & 0x7f) | 0x80;
  target[at++] = low;
  return at;
}

/** The length, then the bytes. */
export function writeBytes(target: Buffer, position: number, source: Buffer, start: number, end: number): number {
  const at = writeLong(target, position, end - start);
  const length = end - start;
  // A call into the runtime costs about as much as copying thirty bytes here.
  if (length > 32) return at + source.copy(target, at, start, end);
  for (let index = 0; index < length; index += 1) target[at + index] = source[start + index] ?? 0;
  return at + length;
}

/** Avro's decimal: the length, then the shortest two's complement, big endian. |unscaled| < 2^53. */
export function writeUnscaled(target: Uint8Array, position: number, unscaled: number): number {
  let bytes = 1;
  for (let limit = 128; unscaled >= limit || unscaled < -limit; limit *= 256) bytes += 1;
  target[position] = bytes * 2;
  let rest = unscaled;
  for (let index = position + bytes; index > position; index -= 1) {
    const next = Math.floor(rest / 256);
    target[index] = rest - next * 256;
    rest = next;
  }
  return position + 1 + bytes;
}
