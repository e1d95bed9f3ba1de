/** ISO 8601 dates and times as the integers that Avro's logical types hold. Exact: bigint above microseconds. */
const DATE = String.raw`([+-]?\d{4,6})-(\d\d)-(\d\d)`;
const TIME = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?`;
const OFFSET = String.raw`\s?(Z|z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?`;
const DATE_ONLY = new RegExp(`^${DATE}( BC)?$`);
const DATE_TIME = new RegExp(`^${DATE}[Tt ]${TIME}${OFFSET}( BC)?$`);
const TIME_ONLY = new RegExp(`^${TIME}${OFFSET}$`);

const MICROS_A_SECOND = 1_000_000;
const MICROS_A_DAY = 86_400_000_000;

/** `exact` is false where digits below a microsecond had to go. */
export interface Micros {
  readonly micros: bigint;
  readonly exact: boolean;
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

/**
 * Days since 1970-01-01 in the proleptic Gregorian calendar.
 *
 * @see https://howardhinnant.github.io/date_algorithms.html#days_from_civil
 */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

function days(yearText: string, monthText: string, dayText: string, bc: boolean): number | undefined {
  const year = bc ? 1 - Number(yearText) : Number(yearText);
  const month = Number(monthText);
  const day = Number(dayText);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return daysSinceEpoch(year, month, day);
}

function microsOfDay(
  hour: string,
  minute: string,
  second = '0',
  fraction = '',
): (Micros & { micros: bigint }) | undefined {
  // A leap second counts on into the next minute, as PostgreSQL has it.
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const whole = (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * MICROS_A_SECOND;
  const micros = whole + Number(fraction.slice(0, 6).padEnd(6, '0'));
  if (micros > MICROS_A_DAY + (second === '60' ? MICROS_A_SECOND : 0)) return undefined;
  return { micros: BigInt(micros), exact: !/[1-9]/.test(fraction.slice(6)) };
}

function offsetMicros(offset: string | undefined): bigint {
  if (offset === undefined || offset.toUpperCase() === 'Z') return 0n;
  const digits = offset.slice(1).replaceAll(':', '').padEnd(6, '0');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4, 6));
  return BigInt((offset.startsWith('-') ? -seconds : seconds) * MICROS_A_SECOND);
}

/** Days since 1970-01-01; undefined where the text is no date that exists. */
export function parseDate(text: string): number | undefined {
  const match = DATE_ONLY.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', bc] = match;
  return days(year, month, day, bc !== undefined);
}

/**
 * Microseconds since 1970-01-01 00:00:00.
 *
 * @param zoned true: the offset counts, and a text without one is UTC; false: the offset is left out, as PostgreSQL does
 *   for `timestamp`
 */
export function parseTimestamp(text: string, zoned: boolean): Micros | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second, fraction, offset, bc] = match;
  const date = days(year, month, day, bc !== undefined);
  const time = microsOfDay(hour, minute, second, fraction);
  if (date === undefined || time === undefined) return undefined;
  const micros = BigInt(date) * BigInt(MICROS_A_DAY) + time.micros - (zoned ? offsetMicros(offset) : 0n);
  return BigInt.asIntN(64, micros) === micros ? { micros, exact: time.exact } : undefined;
}

/** Microseconds since midnight, up to 24:00:00; an offset is left out, as PostgreSQL does for `time`. */
export function parseTime(text: string): Micros | undefined {
  const match = TIME_ONLY.exec(text);
  if (match === null) return undefined;
  const [, hour = '', minute = '', second, fraction] = match;
  return microsOfDay(hour, minute, second, fraction);
}
