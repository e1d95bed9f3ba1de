import { fitsPrecision, parseDecimal, type MappedColumn, type ScalarKind } from '@ewallet/avro';
import { parseDate, parseTime, parseTimestamp, type Micros } from './date-time';
import { isDecimalNumber, isSameNumber, significantDigits } from './decimal-number';
import { rawElements } from './json-members';

/** One JSON value as a value for the exact Avro type of its column. */
export type Converted =
  | { readonly kind: 'fits'; readonly value: unknown }
  /** Digits below a microsecond went, or beyond what a float or double holds. */
  | { readonly kind: 'truncated'; readonly value: unknown }
  /** An array of arrays, where its column's items are scalars: no Avro form, but JSON holds it exactly. */
  | { readonly kind: 'deeper'; readonly json: string }
  | { readonly kind: 'misfit' };

const MISFIT: Converted = { kind: 'misfit' };
const NULL: Converted = { kind: 'fits', value: null };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const TIME_WITH_OFFSET = /^\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?$/;
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

function fits(value: unknown): Converted {
  return { kind: 'fits', value };
}

function isNumber(raw: string): boolean {
  return raw.startsWith('-') || (raw >= '0' && raw < ':');
}

/** The text of a JSON string; undefined for any other value. */
function stringOf(raw: string): string | undefined {
  return raw.startsWith('"') ? (JSON.parse(raw) as string) : undefined;
}

/** A number's own text, also where a source wrote the number as a string. */
function numberText(raw: string): string | undefined {
  if (isNumber(raw)) return raw;
  return stringOf(raw);
}

function integer(raw: string, bits: 32 | 64): Converted {
  const text = numberText(raw);
  const value = text === undefined ? undefined : parseDecimal(text, 0);
  if (value === undefined || BigInt.asIntN(bits, value) !== value) return MISFIT;
  const asNumber = Number(value);
  return fits(Number.isSafeInteger(asNumber) ? asNumber : value);
}

/** Digits to which a binary number is printed to be compared: the most that JavaScript prints. */
const MOST_DIGITS = 100;

/**
 * The nearest double or float. It stands for the text when it prints as the same number at the text's own digits, as 0.1
 * does; where it does not (16777217 as a float), digits have gone. Its shortest text stands for it too: exactly between
 * two texts of as many digits (93.387847900390625), `toPrecision` takes the upper one and everybody else the even one.
 */
function floating(raw: string, kind: 'float' | 'double'): Converted {
  const text = numberText(raw);
  if (text === undefined) return MISFIT;
  const special = NOT_FINITE.get(text);
  if (special !== undefined) return fits(special);
  if (!isDecimalNumber(text)) return MISFIT;
  const value = kind === 'float' ? Math.fround(Number(text)) : Number(text);
  if (!Number.isFinite(value)) return MISFIT;
  const digits = Math.min(Math.max(significantDigits(text), 1), MOST_DIGITS);
  const same = isSameNumber(value.toPrecision(digits), text) || isSameNumber(String(value), text);
  return { kind: same ? 'fits' : 'truncated', value };
}

function decimal(raw: string, precision: number, scale: number): Converted {
  const text = numberText(raw);
  const unscaled = text === undefined ? undefined : parseDecimal(text, scale);
  return unscaled !== undefined && fitsPrecision(unscaled, precision) ? fits(text) : MISFIT;
}

/** Exponents end where PostgreSQL's numeric is long out of digits: nobody could read the number. */
const MOST_EXPONENT_DIGITS = 6;

function decimalText(raw: string): Converted {
  const text = numberText(raw);
  return text !== undefined && isDecimalNumber(text, MOST_EXPONENT_DIGITS) ? fits(text) : MISFIT;
}

const HALF_CHARACTER = /\p{Surrogate}/u;

/** JSON may escape half a character (`"\ud800"`), which UTF-8 cannot write: it would silently become another one. */
function text(raw: string): Converted {
  // As Airbyte's own destinations: any other JSON value goes in as its text, so nothing is lost.
  const value = stringOf(raw) ?? raw;
  return HALF_CHARACTER.test(value) ? MISFIT : fits(value);
}

function micros(parsed: Micros | undefined): Converted {
  if (parsed === undefined) return MISFIT;
  const asNumber = Number(parsed.micros);
  return {
    kind: parsed.exact ? 'fits' : 'truncated',
    value: Number.isSafeInteger(asNumber) ? asNumber : parsed.micros,
  };
}

function inString(raw: string, convert: (text: string) => Converted): Converted {
  const text = stringOf(raw);
  return text === undefined ? MISFIT : convert(text);
}

function bytes(text: string): Converted {
  const packed = text.replace(/\s/g, '');
  return BASE64.test(packed) ? fits(Buffer.from(packed, 'base64')) : MISFIT;
}

function scalar(kind: ScalarKind, raw: string): Converted {
  switch (kind.kind) {
    case 'boolean':
      return raw === 'true' || raw === 'false' ? fits(raw === 'true') : MISFIT;
    case 'int32':
      return integer(raw, 32);
    case 'int64':
      return integer(raw, 64);
    case 'float':
      return floating(raw, kind.kind);
    case 'double':
      return floating(raw, kind.kind);
    case 'decimal':
      return decimal(raw, kind.precision, kind.scale);
    case 'decimalText':
      return decimalText(raw);
    case 'text':
      return text(raw);
    case 'uuid':
      return inString(raw, (text) => (UUID.test(text) ? fits(text) : MISFIT));
    case 'date':
      return inString(raw, (text) => {
        const days = parseDate(text);
        return days === undefined ? MISFIT : fits(days);
      });
    case 'timestamp':
    case 'timestamptz':
      return inString(raw, (text) => micros(parseTimestamp(text, kind.kind === 'timestamptz')));
    case 'time':
      return inString(raw, (text) => micros(parseTime(text)));
    case 'timetz':
      return inString(raw, (text) => (TIME_WITH_OFFSET.test(text) ? fits(text) : MISFIT));
    case 'json':
      return fits(raw);
    case 'bytes':
      return inString(raw, bytes);
    default:
      return kind satisfies never;
  }
}

/**
 * The Avro value of a column's raw JSON text. A value that its column cannot hold exactly is a misfit, never rounded and
 * never guessed.
 */
export function convert(kind: MappedColumn['kind'], raw: string): Converted {
  if (raw === 'null') return NULL;
  if (kind.kind !== 'array') return scalar(kind, raw);
  if (!raw.startsWith('[')) return MISFIT;
  const elements = rawElements(raw, 0);
  // PostgreSQL enforces no declared dimensions, and a view knows none.
  if (elements.some((item) => item.startsWith('['))) return { kind: 'deeper', json: raw };
  const items = elements.map((item) => (item === 'null' ? NULL : scalar(kind.items, item)));
  const value = items.map((item) => ('value' in item ? item.value : MISFIT));
  if (value.includes(MISFIT)) return MISFIT;
  return { kind: items.some((item) => item.kind === 'truncated') ? 'truncated' : 'fits', value };
}
