/** Instants are microseconds since 1970 in a number: exact until the year 2255. */
export type Micros = number;

export const MILLISECOND = 1_000;
export const SECOND = 1_000 * MILLISECOND;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Most customers live by the clocks of Jakarta, Hà Nội and Bangkok. */
const LOCAL_OFFSET = 7 * HOUR;

/** Hour of the day (0–23) where the customers live. */
export function localHour(at: Micros): number {
  return Math.floor(((at + LOCAL_OFFSET) % DAY) / HOUR);
}

/** Day of the week where the customers live; 0 is Sunday. 1970-01-01 was a Thursday. */
export function localWeekday(at: Micros): number {
  return (Math.floor((at + LOCAL_OFFSET) / DAY) + 4) % 7;
}

/** Day of the month (1–31) where the customers live. */
export function localDayOfMonth(at: Micros): number {
  return new Date((at + LOCAL_OFFSET) / MILLISECOND).getUTCDate();
}

/** Months since the year 0, where the customers live. */
export function monthOf(at: Micros): number {
  const date = new Date((at + LOCAL_OFFSET) / MILLISECOND);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

let cachedDay = -1;
let cachedDate = '';

/** `2026-11-23 15:00:00.123456+00`, as PostgreSQL reads it. Rows come in order of time, so the date is remembered. */
export function timestampText(at: Micros): string {
  const day = Math.floor(at / DAY);
  if (day !== cachedDay) {
    cachedDay = day;
    cachedDate = dateText(at);
  }
  const inDay = at - day * DAY;
  const second = Math.floor(inDay / SECOND);
  const fraction = 1_000_000 + inDay - second * SECOND;
  const clock = 1_000_000 + Math.floor(second / 3_600) * 10_000 + (Math.floor(second / 60) % 60) * 100 + (second % 60);
  const digits = String(clock);
  return `${cachedDate} ${digits.slice(1, 3)}:${digits.slice(3, 5)}:${digits.slice(5)}.${String(fraction).slice(1)}+00`;
}

export function dateText(at: Micros): string {
  return new Date(at / MILLISECOND).toISOString().slice(0, 10);
}
