/**
 * Decimal numbers without floating point: text ↔ unscaled integer ↔ the two's complement bytes of Avro's decimal.
 * `unscaled` is the number times 10^scale.
 */
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** Larger exponents would only make digits for nothing: PostgreSQL's numeric ends at 131072 digits before the point. */
const MAX_EXPONENT = 200_000;

/**
 * `12.50` at scale 4 is 125000n. Undefined when the text is no decimal number (NaN, empty, too large an exponent) or
 * when it has non-zero digits beyond the scale: nothing is ever rounded.
 */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  if (whole === '' && fraction === '') return undefined;
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  const digits = whole + fraction;
  const shift = scale + exponent - fraction.length;
  const padded = shift >= 0 ? digits + '0'.repeat(shift) : digits.padStart(1 - shift, '0');
  const kept = shift >= 0 ? padded : padded.slice(0, shift);
  if (shift < 0 && /[1-9]/.test(padded.slice(shift))) return undefined;
  const unscaled = BigInt(kept);
  return sign === '-' ? -unscaled : unscaled;
}

/** Always with exactly `scale` fractional digits, as PostgreSQL prints numeric(p,s): 125000n at scale 4 is `12.5000`. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Whether the number has at most `precision` digits. */
export function fitsPrecision(unscaled: bigint, precision: number): boolean {
  const limit = 10n ** BigInt(precision);
  return unscaled < limit && unscaled > -limit;
}

/** Shortest two's complement, big endian; zero is one zero byte. */
export function unscaledToBytes(unscaled: bigint): Buffer {
  let bytes = 1;
  while (BigInt.asIntN(bytes * 8, unscaled) !== unscaled) bytes += 1;
  return Buffer.from(
    BigInt.asUintN(bytes * 8, unscaled)
      .toString(16)
      .padStart(bytes * 2, '0'),
    'hex',
  );
}

export function unscaledFromBytes(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  const unsigned = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return BigInt.asIntN(bytes.length * 8, unsigned);
}
