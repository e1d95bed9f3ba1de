/** Half-open days: from (inclusive) to before (exclusive), as ISO dates; an absent end is open. */
export interface DayRange {
  readonly from?: string;
  readonly before?: string;
}

const RELATIVE = /^(past|next)(\d+)(days|weeks|months|years)(~?)$/;
const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * The days that a value of Metabase's date filter means, seen from `today` (ISO date).
 * `past30days` ends yesterday; `past30days~` includes today.
 * @returns undefined where the text is no value of that filter.
 */
export function dayRange(value: string, today: string): DayRange | undefined {
  const match = RELATIVE.exec(value);
  if (match !== null) return relativeRange(match, today);
  switch (value) {
    case 'thisday':
    case 'today':
      return { from: today, before: addDays(today, 1) };
    case 'yesterday':
      return { from: addDays(today, -1), before: today };
    case 'thisweek':
      return span(startOf('weeks', today), 'weeks');
    case 'thismonth':
      return span(startOf('months', today), 'months');
    case 'thisyear':
      return span(startOf('years', today), 'years');
    default:
      return absoluteRange(value);
  }
}

function absoluteRange(value: string): DayRange | undefined {
  if (ISO_DAY.test(value)) return { from: value, before: addDays(value, 1) };
  const [from, to, ...rest] = value.split('~');
  if (from === undefined || to === undefined || rest.length > 0) return undefined;
  if (from !== '' && !ISO_DAY.test(from)) return undefined;
  if (to !== '' && !ISO_DAY.test(to)) return undefined;
  if (from === '' && to === '') return undefined;
  return { ...(from === '' ? {} : { from }), ...(to === '' ? {} : { before: addDays(to, 1) }) };
}

type Unit = 'days' | 'weeks' | 'months' | 'years';

function relativeRange(match: RegExpExecArray, today: string): DayRange | undefined {
  const count = Number(match[2]);
  const unit = match[3] as Unit; // the expression's third group has no other text
  const current = startOf(unit, today);
  const following = add(current, unit, 1);
  const including = match[4] === '~';
  return match[1] === 'past'
    ? { from: add(current, unit, -count), before: including ? following : current }
    : { from: including ? current : following, before: add(following, unit, count) };
}

function span(from: string, unit: Unit): DayRange {
  return { from, before: add(from, unit, 1) };
}

/** Metabase's week starts on Sunday unless its settings say otherwise. */
function startOf(unit: Unit, day: string): string {
  switch (unit) {
    case 'days':
      return day;
    case 'weeks':
      return addDays(day, -new Date(`${day}T00:00:00Z`).getUTCDay());
    case 'months':
      return `${day.slice(0, 7)}-01`;
    case 'years':
      return `${day.slice(0, 4)}-01-01`;
  }
}

function add(day: string, unit: Unit, count: number): string {
  if (unit === 'days') return addDays(day, count);
  if (unit === 'weeks') return addDays(day, 7 * count);
  const date = new Date(`${day}T00:00:00Z`);
  if (unit === 'months') date.setUTCMonth(date.getUTCMonth() + count);
  else date.setUTCFullYear(date.getUTCFullYear() + count);
  return date.toISOString().slice(0, 10);
}

function addDays(day: string, count: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + count);
  return date.toISOString().slice(0, 10);
}
