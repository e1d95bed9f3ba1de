/**
 * PostgreSQL's binary `numeric`: int16 digit count, weight, sign, display scale, then base-10000 digits, the first of
 * which counts 10000^weight. Trailing and leading zero digits are left out.
 *
 * @see src/backend/utils/adt/numeric.c, numeric_recv
 */
const NEGATIVE = 0x4000;
const NAN = 0xc000;
const POSITIVE_INFINITY = 0xd000;
const NEGATIVE_INFINITY = 0xf000;

/** PostgreSQL's limits of the display scale and of the digits before the point. */
const MAX_SCALE = 16383;
const MAX_INTEGER_DIGITS = 131072;

/** Bytes that {@link writeScaledInteger} may need for an integer of at most 2^53. */
export const MAX_SMALL_NUMERIC_BYTES = 8 + 2 * 8;

/**
 * Writes `unscaled / 10^scale`, where `unscaled` is a safe integer, and returns the position after it. The digits are
 * aligned to the decimal point: with scale 4 the low four decimals are one base-10000 digit.
 */
export function writeScaledInteger(out: Buffer, at: number, unscaled: number, scale: number): number {
  let magnitude = Math.abs(unscaled);
  const partial = scale % 4;
  const fractionDigits = (scale + 3) >> 2;
  let digits = 0;
  let low = 0; // base-10000 digits from the lowest, before trailing zeros are dropped
  let end = at + 8;
  // The lowest digit is short where the scale is no multiple of four: fill it up with zeros.
  if (partial !== 0) {
    const divisor = 10 ** partial;
    scratch[digits++] = (magnitude % divisor) * 10 ** (4 - partial);
    magnitude = Math.floor(magnitude / divisor);
  }
  while (magnitude > 0) {
    scratch[digits++] = magnitude % 10000;
    magnitude = Math.floor(magnitude / 10000);
  }
  const weight = digits - fractionDigits - 1;
  while (low < digits && scratch[low] === 0) low += 1;
  for (let index = digits - 1; index >= low; index -= 1) {
    const digit = scratch[index] ?? 0;
    out[end] = digit >> 8;
    out[end + 1] = digit & 0xff;
    end += 2;
  }
  // With a partial digit only, `digits` may count a leading zero: PostgreSQL strips those on receipt.
  const count = digits - low;
  out.writeInt16BE(count, at);
  out.writeInt16BE(count === 0 ? 0 : weight, at + 2);
  out.writeUInt16BE(unscaled < 0 && count > 0 ? NEGATIVE : 0, at + 4);
  out.writeUInt16BE(scale, at + 6);
  return end;
}

const scratch = new Int32Array(8);

/** The same for any size, from decimal text such as `-12.340`, `1e-7`, `NaN`, `Infinity`. */
export function numericFromText(text: string): Buffer {
  switch (text) {
    case 'NaN':
      return special(NAN);
    case 'Infinity':
      return special(POSITIVE_INFINITY);
    case '-Infinity':
      return special(NEGATIVE_INFINITY);
  }
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/.exec(text);
  const integer = parts?.[2] ?? '';
  const fraction = parts?.[3] ?? '';
  if (parts === null || integer + fraction === '') throw new RangeError('text that is no decimal number');
  return numericFromDigits(parts[1] === '-', integer + fraction, fraction.length - Number(parts[4] ?? 0));
}

/** `±digits / 10^scale`; a negative scale multiplies. */
export function numericFromDigits(negative: boolean, digits: string, scale: number): Buffer {
  const shifted = scale < 0 ? digits + '0'.repeat(-scale) : digits.padStart(scale + 1, '0');
  const displayScale = Math.max(scale, 0);
  const integerLength = shifted.length - displayScale;
  const integer = shifted.slice(0, integerLength).replace(/^0+/, '');
  if (displayScale > MAX_SCALE || integer.length > MAX_INTEGER_DIGITS) {
    throw new RangeError('a number beyond what numeric holds');
  }
  const fraction = shifted.slice(integerLength);
  const aligned =
    integer.padStart(Math.ceil(integer.length / 4) * 4, '0') + fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');
  const groups = Array.from({ length: aligned.length / 4 }, (_, index) =>
    Number(aligned.slice(index * 4, index * 4 + 4)),
  );
  let weight = Math.ceil(integer.length / 4) - 1;
  let first = 0;
  while (first < groups.length && groups[first] === 0) {
    first += 1;
    weight -= 1;
  }
  let last = groups.length;
  while (last > first && groups[last - 1] === 0) last -= 1;
  const kept = groups.slice(first, last);
  const out = Buffer.alloc(8 + kept.length * 2);
  out.writeInt16BE(kept.length, 0);
  out.writeInt16BE(kept.length === 0 ? 0 : weight, 2);
  out.writeUInt16BE(negative && kept.length > 0 ? NEGATIVE : 0, 4);
  out.writeUInt16BE(displayScale, 6);
  kept.forEach((digit, index) => out.writeInt16BE(digit, 8 + index * 2));
  return out;
}

function special(sign: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt16BE(sign, 4);
  return out;
}
