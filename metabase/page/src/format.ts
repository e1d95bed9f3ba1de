import type { Json } from '../../src/content/json';
import type { ColumnType } from '../../src/content/column-type';

/** What formatting needs to know of a column: its type, Metabase's settings for it, and the currency of its amounts. */
export interface ColumnFormat {
  readonly type: ColumnType;
  readonly settings: Readonly<Record<string, Json>>;
  /** ISO 4217 code where the column is an amount. */
  readonly currency: string | null;
  /** Whether a date is the first day of a month that is meant. */
  readonly month?: boolean;
}

/** `month_start`, `cohort_month`: a query gives a month as its first day. */
export function isMonth(column: string): boolean {
  return /(^|_)month(_start)?$/.test(column);
}

const NO_VALUE = '–';

/** The value as people read it. Decimal text goes to Intl as text, so no digit of an amount is lost. */
export function formatValue(value: string | null, format: ColumnFormat): string {
  if (value === null) return NO_VALUE;
  switch (format.type) {
    case 'number':
      return withAffixes(formatNumber(value, format, 'exact'), format);
    case 'time':
      return format.month === true ? formatMonth(value) : formatTime(value);
    case 'boolean':
      return value === 't' || value === 'true' ? 'Yes' : 'No';
    case 'text':
      return value;
  }
}

/** The same in little room, as on an axis or a KPI: 1.2M, 34K. */
export function formatCompact(value: string | null, format: ColumnFormat): string {
  if (value === null) return NO_VALUE;
  return format.type === 'number'
    ? withAffixes(formatNumber(value, format, 'compact'), format)
    : formatValue(value, format);
}

/** The same on an axis, where the steps say how exact it is: $0 and $1,800 beside each other, not $0.00. */
export function formatTick(value: number, format: ColumnFormat): string {
  return withAffixes(formatNumber(String(value), format, 'tick'), format);
}

function formatNumber(value: string, { settings, currency }: ColumnFormat, form: 'exact' | 'compact' | 'tick'): string {
  if (!/^-?\d/.test(value)) return value; // NaN, Infinity: as PostgreSQL says it
  const decimals = typeof settings.decimals === 'number' ? settings.decimals : undefined;
  const short = form !== 'exact' && Math.abs(Number(value)) >= 10_000;
  const fraction =
    decimals === undefined || form === 'tick'
      ? { maximumFractionDigits: short ? 1 : 2 }
      : { minimumFractionDigits: short ? 0 : decimals, maximumFractionDigits: short ? 1 : decimals };
  // Metabase's separators of decimals and thousands; the first alone says that thousands have none, as in a key.
  const useGrouping = settings.number_separators !== '.';
  const text = value as Intl.StringNumericLiteral; // decimal text from PostgreSQL, checked above
  const notation = { useGrouping, ...(short ? { notation: 'compact' as const } : {}) };
  if (settings.number_style === 'percent')
    return new Intl.NumberFormat('en', {
      style: 'percent',
      minimumFractionDigits: decimals ?? 0,
      maximumFractionDigits: decimals ?? 1,
    }).format(text);
  const code = currency ?? styledCurrency(settings);
  if (code !== null) {
    try {
      // Without fraction options Intl uses the currency's own scale: two places for PHP, none for VND.
      const places = short
        ? { ...notation, maximumFractionDigits: 1 }
        : form === 'tick'
          ? { minimumFractionDigits: 0, maximumFractionDigits: 2 }
          : decimals === undefined
            ? {}
            : fraction;
      const options = { style: 'currency' as const, currency: code, currencyDisplay: displayOf(code) };
      return new Intl.NumberFormat('en', { ...options, ...places }).format(text);
    } catch {
      // Not a code of ISO 4217's form: the number, and the text as it is.
      return `${new Intl.NumberFormat('en', { ...fraction, ...notation }).format(text)} ${code}`;
    }
  }
  return new Intl.NumberFormat('en', { ...fraction, ...notation }).format(text);
}

/** ₱ and ₫ say enough; the dollars of others do not: SGD keeps its code, as $ is the US dollar's. */
function displayOf(code: string): 'symbol' | 'narrowSymbol' {
  const parts = new Intl.NumberFormat('en', { style: 'currency', currency: code, currencyDisplay: 'narrowSymbol' });
  const sign = parts.formatToParts(0).find(({ type }) => type === 'currency')?.value;
  return sign === '$' && code !== 'USD' ? 'symbol' : 'narrowSymbol';
}

function styledCurrency(settings: ColumnFormat['settings']): string | null {
  const code = settings.currency;
  return settings.number_style === 'currency' && typeof code === 'string' ? code : null;
}

function withAffixes(text: string, { settings }: ColumnFormat): string {
  const prefix = typeof settings.prefix === 'string' ? settings.prefix : '';
  const suffix = typeof settings.suffix === 'string' ? settings.suffix : '';
  return `${prefix}${text}${suffix}`;
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const minute = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});

/** PostgreSQL's date or timestamp, on its session's clock, as a day, or as a minute when it has a time of day. */
export function formatTime(value: string): string {
  const instant = parseTime(value);
  if (instant === null) return value;
  const midnight = !/[1-9]/.test(value.slice(10).replace(/[+-]\d{2}(:\d{2}){0,2}$/, ''));
  return (midnight ? day : minute).format(instant);
}

const monthOfYear = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric', timeZone: 'UTC' });

/** `2026-09-01` → `Sept 2026`. */
export function formatMonth(value: string): string {
  const instant = parseTime(value);
  return instant === null ? value : monthOfYear.format(instant);
}

/** @returns undefined-free instant, or null for `infinity`, a year BC and whatever else Date cannot hold. */
export function parseTime(value: string): Date | null {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?/.exec(value);
  if (match?.[1] === undefined || value.endsWith('BC')) return null;
  const instant = new Date(`${match[1]}T${match[2] ?? '00:00:00'}Z`);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

/** `payment_count` → `Payment count`, unless the settings give a title. */
export function columnTitle(name: string, settings: Readonly<Record<string, Json>>): string {
  const title = settings.column_title;
  if (typeof title === 'string') return title;
  const words = name.replace(/_/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
