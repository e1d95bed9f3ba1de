import type { Random } from './random';
import { DAY, HOUR, localDayOfMonth, localHour, localWeekday, type Micros } from './time';

/** Midnight to eleven at night: quiet nights, a lunch peak, a taller evening peak. */
const HOURS = [12, 7, 5, 4, 5, 10, 22, 38, 46, 48, 52, 66, 78, 64, 52, 50, 54, 66, 84, 92, 86, 66, 42, 24] as const;
/** Sunday to Saturday. */
const WEEKDAYS = [0.95, 0.9, 0.92, 0.95, 1.0, 1.18, 1.22] as const;

/** Salaries arrive on the 25th and on the 1st in Indonesia and Vietnam, on the 15th and the last in the Philippines. */
export function isPayday(at: Micros): boolean {
  const day = localDayOfMonth(at);
  return day === 1 || day === 15 || (day >= 25 && day <= 27) || day >= 30;
}

/** How busy an hour is beside others, before growth. */
function busyness(at: Micros): number {
  return (HOURS[localHour(at)] ?? 0) * (WEEKDAYS[localWeekday(at)] ?? 0) * (isPayday(at) ? 1.35 : 1);
}

/**
 * `count` instants in ascending order over the `days` before `end`, dense where people are awake and paid, scaled by
 * `growth(at)`. Memory is one hour's instants.
 */
export function* arrivals(
  count: number,
  {
    days,
    end,
    growth,
    random,
  }: { readonly days: number; readonly end: Micros; readonly growth: (at: Micros) => number; readonly random: Random },
): Generator<Micros> {
  const start = end - days * DAY;
  const hours = days * 24;
  const upTo = new Float64Array(hours);
  let total = 0;
  for (let hour = 0; hour < hours; hour++) {
    const at = start + hour * HOUR;
    total += busyness(at) * growth(at);
    upTo[hour] = total;
  }
  let given = 0;
  for (let hour = 0; hour < hours; hour++) {
    const due = Math.round(((upTo[hour] ?? 0) / total) * count);
    const instants = new Float64Array(due - given);
    for (let i = 0; i < instants.length; i++) instants[i] = start + hour * HOUR + random.below(HOUR);
    yield* instants.sort();
    given = due;
  }
}
