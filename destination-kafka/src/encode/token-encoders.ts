import type { ScalarKind } from '@ewallet/avro';
import { LARGEST_FAST_LONG, writeBytes, writeLong, writeUnscaled } from './avro-bytes';

/**
 * Encodes the JSON token `source[start, end)` as Avro at `position` and returns the position behind it, or DECLINED for
 * any token it is not made for: then the column goes through the slow, general conversion. What it takes it must encode
 * exactly as that one does; a property test holds the two together.
 */
export type TokenEncoder = (source: Buffer, start: number, end: number, target: Buffer, position: number) => number;

export const DECLINED = -1;

const QUOTE = 0x22;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
/** Decimal digits that a double holds for sure. */
const SAFE_DIGITS = 15;
const INT32_MAX = 2147483647;
const MICROS_A_DAY = 86_400_000_000;

function byte(source: Buffer, at: number): number {
  return source[at] ?? 0;
}

/** Two digits as a number; above 99 where one of them is no digit. */
function twoDigits(source: Buffer, at: number): number {
  const tens = byte(source, at) - ZERO;
  const ones = byte(source, at + 1) - ZERO;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? 100 : tens * 10 + ones;
}

/** A plain JSON integer of at most 15 digits; NaN for anything else. */
function plainInteger(source: Buffer, start: number, end: number): number {
  const negative = byte(source, start) === MINUS;
  const first = negative ? start + 1 : start;
  const digits = end - first;
  if (digits < 1 || digits > SAFE_DIGITS) return NaN;
  if (byte(source, first) === ZERO && (digits > 1 || negative)) return NaN;
  let value = 0;
  for (let at = first; at < end; at += 1) {
    const digit = byte(source, at) - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

const encodeInt32: TokenEncoder = (source, start, end, target, position) => {
  const value = plainInteger(source, start, end);
  return value <= INT32_MAX && value >= -INT32_MAX - 1 ? writeLong(target, position, value) : DECLINED;
};

const encodeInt64: TokenEncoder = (source, start, end, target, position) => {
  const value = plainInteger(source, start, end);
  return Number.isNaN(value) ? DECLINED : writeLong(target, position, value);
};

/** `-?digits(.digits)?` with at most `scale` fractional and 15 digits in all, counted at the full scale. */
function decimalEncoder(precision: number, scale: number): TokenEncoder {
  const limit = Math.min(10 ** precision, 10 ** SAFE_DIGITS);
  return (source, start, end, target, position) => {
    const negative = byte(source, start) === MINUS;
    const first = negative ? start + 1 : start;
    let value = 0;
    let at = first;
    for (; at < end; at += 1) {
      const digit = byte(source, at) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const whole = at - first;
    if (whole === 0 || whole > SAFE_DIGITS || (whole > 1 && byte(source, first) === ZERO)) return DECLINED;
    let fraction = 0;
    if (at < end) {
      fraction = end - at - 1;
      if (byte(source, at) !== POINT || fraction === 0 || fraction > scale || whole + fraction > SAFE_DIGITS) {
        return DECLINED;
      }
      for (at += 1; at < end; at += 1) {
        const digit = byte(source, at) - ZERO;
        if (digit < 0 || digit > 9) return DECLINED;
        value = value * 10 + digit;
      }
    }
    for (; fraction < scale; fraction += 1) value *= 10;
    // A product above the limit may be rounded, and is above the limit all the same.
    if (value >= limit) return DECLINED;
    return writeUnscaled(target, position, negative && value !== 0 ? -value : value);
  };
}

const encodeBoolean: TokenEncoder = (source, start, end, target, position) => {
  const isTrue = end - start === 4 && source.toString('latin1', start, end) === 'true';
  if (!isTrue && source.toString('latin1', start, end) !== 'false') return DECLINED;
  target[position] = isTrue ? 1 : 0;
  return position + 1;
};

/** A string without escapes; the scanner has seen that there is no control character in it. */
const encodeText: TokenEncoder = (source, start, end, target, position) =>
  byte(source, start) === QUOTE ? writeBytes(target, position, source, start + 1, end - 1) : DECLINED;

const HYPHENS = [9, 14, 19, 24];

function isHexDigit(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66) || (code >= 0x41 && code <= 0x46);
}

const encodeUuid: TokenEncoder = (source, start, end, target, position) => {
  if (end - start !== 38 || byte(source, start) !== QUOTE) return DECLINED;
  for (let index = 1; index < 37; index += 1) {
    const code = byte(source, start + index);
    if (!(HYPHENS.includes(index) ? code === MINUS : isHexDigit(code))) return DECLINED;
  }
  return writeBytes(target, position, source, start + 1, end - 1);
};

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Days since 1970-01-01 of the `YYYY-MM-DD` at `at`, year 1 to 9999; NaN for anything else. */
function dayNumber(source: Buffer, at: number): number {
  const century = twoDigits(source, at);
  const ofCentury = twoDigits(source, at + 2);
  const month = twoDigits(source, at + 5);
  const day = twoDigits(source, at + 8);
  if (century > 99 || ofCentury > 99 || month < 1 || month > 12 || day < 1 || day > 31) return NaN;
  if (byte(source, at + 4) !== MINUS || byte(source, at + 7) !== MINUS) return NaN;
  const year = century * 100 + ofCentury;
  const leap = isLeap(year);
  if (year < 1 || day > (DAYS_IN_MONTH[month - 1] ?? 0) + (leap && month === 2 ? 1 : 0)) return NaN;
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const ofYear = (DAYS_BEFORE_MONTH[month - 1] ?? 0) + day - 1 + (leap && month > 2 ? 1 : 0);
  return before * 365 + leapDays + ofYear - 719_162;
}

const encodeDate: TokenEncoder = (source, start, end, target, position) => {
  if (end - start !== 12 || byte(source, start) !== QUOTE) return DECLINED;
  const days = dayNumber(source, start + 1);
  return Number.isNaN(days) ? DECLINED : writeLong(target, position, days);
};

/** Microseconds of `HH:MM:SS`, 00:00:00 to 23:59:59, at `at`; NaN for anything else. */
function wholeSeconds(source: Buffer, at: number): number {
  const hour = twoDigits(source, at);
  const minute = twoDigits(source, at + 3);
  const second = twoDigits(source, at + 6);
  if (hour > 23 || minute > 59 || second > 59) return NaN;
  if (byte(source, at + 2) !== 0x3a || byte(source, at + 5) !== 0x3a) return NaN;
  return ((hour * 60 + minute) * 60 + second) * 1_000_000;
}

/** Microseconds of the `.f` to `.ffffff` in `source[at, end)`, zero where nothing is there; NaN for anything else. */
function fractionMicros(source: Buffer, at: number, end: number): number {
  if (at === end) return 0;
  const digits = end - at - 1;
  if (byte(source, at) !== POINT || digits < 1 || digits > 6) return NaN;
  let value = 0;
  for (let index = at + 1; index < end; index += 1) {
    const digit = byte(source, index) - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  for (let index = digits; index < 6; index += 1) value *= 10;
  return value;
}

/** `"YYYY-MM-DDTHH:MM:SS[.ffffff][Z]"`: offsets other than Z are the slow path's. */
const encodeTimestamp: TokenEncoder = (source, start, end, target, position) => {
  if (end - start < 21 || byte(source, start) !== QUOTE) return DECLINED;
  const separator = byte(source, start + 11);
  if (separator !== 0x54 && separator !== 0x20) return DECLINED;
  const zoned = byte(source, end - 2) === 0x5a;
  const micros =
    dayNumber(source, start + 1) * MICROS_A_DAY +
    wholeSeconds(source, start + 12) +
    fractionMicros(source, start + 20, zoned ? end - 2 : end - 1);
  return micros < LARGEST_FAST_LONG && micros > -LARGEST_FAST_LONG ? writeLong(target, position, micros) : DECLINED;
};

const encodeTime: TokenEncoder = (source, start, end, target, position) => {
  if (end - start < 10 || byte(source, start) !== QUOTE) return DECLINED;
  const micros = wholeSeconds(source, start + 1) + fractionMicros(source, start + 9, end - 1);
  return Number.isNaN(micros) ? DECLINED : writeLong(target, position, micros);
};

/** The empty object is by far the commonest JSON value; any other is validated by the slow path's parser. */
const encodeJson: TokenEncoder = (source, start, end, target, position) => {
  const empty = end - start === 2 && byte(source, start) === 0x7b && byte(source, start + 1) === 0x7d;
  if (!empty && !isJson(source, start, end)) return DECLINED;
  return writeBytes(target, position, source, start, end);
};

function isJson(source: Buffer, start: number, end: number): boolean {
  try {
    JSON.parse(source.toString('utf8', start, end));
    return true;
  } catch {
    return false;
  }
}

const none: TokenEncoder = () => DECLINED;

/** The encoder of a kind's usual tokens; `null` is the caller's. */
export function tokenEncoder(kind: ScalarKind): TokenEncoder {
  switch (kind.kind) {
    case 'boolean':
      return encodeBoolean;
    case 'int32':
      return encodeInt32;
    case 'int64':
      return encodeInt64;
    case 'decimal':
      return decimalEncoder(kind.precision, kind.scale);
    case 'text':
      return encodeText;
    case 'uuid':
      return encodeUuid;
    case 'date':
      return encodeDate;
    case 'timestamp':
    case 'timestamptz':
      return encodeTimestamp;
    case 'time':
      return encodeTime;
    case 'json':
      return encodeJson;
    case 'float':
    case 'double':
    case 'decimalText':
    case 'timetz':
    case 'bytes':
      return none;
    default:
      return kind satisfies never;
  }
}
