/** A month as one number, so that the next one is one more: twelve times the year, and the month from 0. */
export type Month = number;

export function monthOf(year: number, month: number): Month {
  return year * 12 + month - 1;
}

/** The first day of the month, as PostgreSQL reads it. */
export function firstDay(month: Month): string {
  return `${yearText(month)}-${monthText(month)}-01`;
}

/** `2026_03`, for the name of a partition. */
export function monthLabel(month: Month): string {
  return `${yearText(month)}_${monthText(month)}`;
}

function yearText(month: Month): string {
  return String(Math.floor(month / 12)).padStart(4, '0');
}

function monthText(month: Month): string {
  return String((month % 12) + 1).padStart(2, '0');
}
