/** Decimal numbers as text, compared without making a number of them. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?(\d+))?$/;

/** @param mostExponentDigits how long the exponent may be written; any length by default */
export function isDecimalNumber(text: string, mostExponentDigits = Infinity): boolean {
  const match = NUMBER.exec(text);
  return match !== null && (match[1]?.length ?? 0) <= mostExponentDigits;
}

interface Significand {
  readonly negative: boolean;
  /** Without zeros at either end; empty for zero. */
  readonly digits: string;
  /** Of ten, of the last digit. */
  readonly exponent: number;
}

function withoutZeros(digits: string): { readonly start: number; readonly end: number } {
  let start = 0;
  let end = digits.length;
  while (start < end && digits[start] === '0') start += 1;
  while (end > start && digits[end - 1] === '0') end -= 1;
  return { start, end };
}

function significand(text: string): Significand {
  const [mantissa = '', exponentText = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.');
  const all = whole + fraction;
  const { start, end } = withoutZeros(all);
  const exponent = start === end ? 0 : Number(exponentText) - fraction.length + (all.length - end);
  return { negative: text.startsWith('-'), digits: all.slice(start, end), exponent };
}

/** How many digits the number has, zeros at either end left out. */
export function significantDigits(text: string): number {
  return significand(text).digits.length;
}

/** Whether two texts mean the same number: 1.50 and 15e-1 do. The sign of zero does not count. */
export function isSameNumber(left: string, right: string): boolean {
  const [a, b] = [significand(left), significand(right)];
  if (a.digits !== b.digits || a.exponent !== b.exponent) return false;
  return a.digits === '' || a.negative === b.negative;
}
