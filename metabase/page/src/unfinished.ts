import { parseTime } from './format';

const DAY = 86_400_000;

/**
 * Whether a timeline's last day, week or month was not over when the warehouse was read: its value is lower than it will
 * be, which reads as a slump unless the chart says so.
 * @param starts the periods' starts, in order; @param readAt a time on a clock in the time zone that the periods are of.
 */
export function lastIsUnfinished(starts: readonly string[], readAt: string): boolean {
  const instants = starts.map((start) => parseTime(start)?.getTime());
  const steps = instants.flatMap((instant, index) => {
    const before = instants[index - 1];
    return instant === undefined || before === undefined ? [] : [instant - before];
  });
  const last = instants.at(-1);
  if (last === undefined || steps.length === 0) return false;
  const step = Math.min(...steps);
  if (step < DAY) return false; // hours, or not in order
  const end = step >= 28 * DAY ? monthAfter(last) : last + step;
  return (parseTime(readAt)?.getTime() ?? end) < end;
}

function monthAfter(instant: number): number {
  const start = new Date(instant);
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1);
}
