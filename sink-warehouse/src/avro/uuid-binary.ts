import type { GrowingBuffer } from '../bytes/growing-buffer';

const NO_DIGIT = 0xff;
const DASH = 0x2d;
const DIGITS = 32;
const BYTES = 16;

/** Byte of text → its value as a hexadecimal digit. */
const VALUES = new Uint8Array(256).fill(NO_DIGIT);
for (const text of ['0123456789abcdef', '0123456789ABCDEF'])
  for (let value = 0; value < text.length; value += 1) VALUES[text.charCodeAt(value)] = value;

/**
 * Appends a UUID's text, with its dashes or without, as a COPY field of sixteen bytes.
 *
 * @throws RangeError where the text is no UUID; what was appended is then worth nothing
 */
export function appendUuid(from: Buffer, start: number, end: number, out: GrowingBuffer): void {
  out.int32(BYTES);
  out.reserve(BYTES);
  const { bytes } = out;
  let digits = 0;
  let high = 0;
  let dashAfter = 0;
  for (let at = start; at < end; at += 1) {
    const byte = from[at] ?? 0;
    if (byte === DASH && digits !== dashAfter && mayHaveDash(digits)) {
      dashAfter = digits;
      continue;
    }
    const value = VALUES[byte] ?? NO_DIGIT;
    if (value === NO_DIGIT || digits === DIGITS) throw noUuid();
    if ((digits & 1) === 0) high = value << 4;
    else bytes[out.length + (digits >> 1)] = high | value;
    digits += 1;
  }
  if (digits !== DIGITS) throw noUuid();
  out.length += BYTES;
}

function mayHaveDash(digits: number): boolean {
  return digits === 8 || digits === 12 || digits === 16 || digits === 20;
}

function noUuid(): RangeError {
  return new RangeError('text that is no UUID');
}
