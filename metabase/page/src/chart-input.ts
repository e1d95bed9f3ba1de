import type { PageQuestion } from '../../src/preview/page-data';
import type { CardFormat, Rows } from './card-format';
import type { Palette } from './palette';

/** Everything a chart is drawn from. */
export interface ChartInput {
  readonly card: PageQuestion;
  readonly rows: Rows;
  readonly format: CardFormat;
  readonly palette: Palette;
  /** When the warehouse was read, on a clock in the reporting time zone. */
  readonly readAt: string;
  /** The place in the palette that a value of a column has on every card; undefined for what no card breaks out. */
  readonly colorPlace: (column: string, value: string) => number | undefined;
  readonly reducedMotion: boolean;
  /** How many pixels wide the picture is. */
  readonly width: number;
  /** On paper nobody can turn the pages of a legend: all of it is there, in as many lines as it takes. */
  readonly printing: boolean;
}

export function numberOf(value: string | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : null;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function textList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
