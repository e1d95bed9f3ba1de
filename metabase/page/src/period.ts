import { formatTime, parseTime } from './format';

/** How people name the period that a figure is of, and the one before it. */
export interface PeriodWords {
  readonly now: string;
  readonly before: string;
}

const DAY_LENGTH = 86_400_000;
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const month = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });

/**
 * A query gives periods as their first days only; the distance of the last two says whether they are days, weeks, months,
 * quarters or years. Others, and periods with a gap between them, are named by their dates.
 */
export function periodWords(last: string, before: string): PeriodWords {
  const [end, start] = [parseTime(last), parseTime(before)];
  if (end === null || start === null) return { now: formatTime(last), before: `at ${formatTime(before)}` };
  const days = Math.round((end.getTime() - start.getTime()) / DAY_LENGTH);
  if (days === 1) return { now: dayAndMonth.format(end), before: 'the day before' };
  if (days === 7)
    return end.getUTCDay() === 1
      ? { now: `Week of ${dayAndMonth.format(end)}`, before: 'the week before' }
      : { now: `To ${dayAndMonth.format(end)}`, before: 'a week before' };
  if (end.getUTCDate() === 1 && start.getUTCDate() === 1) {
    if (days >= 28 && days <= 31) return { now: month.format(end), before: 'the month before' };
    if (days >= 90 && days <= 92) return { now: quarter(end), before: 'the quarter before' };
    if (days === 365 || days === 366) return { now: String(end.getUTCFullYear()), before: 'the year before' };
  }
  return { now: formatTime(last), before: `on ${formatTime(before)}` };
}

function quarter(day: Date): string {
  return `Q${Math.floor(day.getUTCMonth() / 3) + 1} ${day.getUTCFullYear()}`;
}
