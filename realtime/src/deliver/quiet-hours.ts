import type { QuietHours } from '../config/delivery';

const MINUTES_A_DAY = 1_440;
/** A clock that is put forward or back ends quiet hours earlier or later than their length says: look again so often. */
const LOOK_AGAIN_MS = 900_000;

/**
 * @param now milliseconds since 1970
 * @returns when to look again, where it is quiet now
 */
export function quietUntil(hours: QuietHours, now: number): number | undefined {
  const minute = localMinute(hours.timeZone, now);
  const isQuiet =
    hours.from < hours.to ? minute >= hours.from && minute < hours.to : minute >= hours.from || minute < hours.to;
  if (!isQuiet) return undefined;
  const left = ((hours.to - minute + MINUTES_A_DAY) % MINUTES_A_DAY) * 60_000 - (now % 60_000);
  return now + Math.min(left, LOOK_AGAIN_MS);
}

function localMinute(timeZone: string, now: number): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', minute: 'numeric', hourCycle: 'h23' });
  const part = (type: 'hour' | 'minute'): number =>
    Number(parts.formatToParts(now).find((candidate) => candidate.type === type)?.value);
  return part('hour') * 60 + part('minute');
}
