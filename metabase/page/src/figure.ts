import type { CardFormat, Rows } from './card-format';
import type { PageQuestion } from '../../src/preview/page-data';
import { element, svg } from './dom';
import { formatCompact, formatTime, formatValue } from './format';
import { compareLast, type Comparison } from './kpi';
import { periodWords } from './period';

/** One number, large; a trend also says how it moved since the period before, in words as well as in colour. */
export function figureOf(card: PageQuestion, rows: Rows, format: CardFormat): HTMLElement {
  const numberColumn =
    nameOf(card.settings['scalar.field']) ??
    rows.columns.find((column) => column.type === 'number')?.name ??
    rows.columns[0]?.name ??
    '';
  const periodColumn = rows.columns.findIndex((column) => column.type === 'time');
  const comparison = compareLast(rows.rows, format.index(numberColumn), periodColumn);
  const number = format.of(numberColumn, rows.rows.at(-1));
  const figure = element('div', { class: 'figure' });
  figure.append(
    element(
      'div',
      { class: 'figure-value', title: formatValue(comparison.value, number) },
      formatCompact(comparison.value, number),
    ),
  );
  if (card.display !== 'smartscalar') return figure;
  const worseWhenUp = card.settings['scalar.switch_positive_negative'] === true;
  figure.append(changeLine(comparison, worseWhenUp, (value) => formatCompact(value, number)));
  const line = sparkline(comparison.history);
  if (line !== undefined) figure.append(line);
  return figure;
}

function changeLine(
  { change, before, period }: Comparison,
  worseWhenUp: boolean,
  show: (value: string | null) => string,
): HTMLElement {
  const line = element('div', { class: 'figure-change' });
  if (before === null || change === null) {
    line.append(
      element(
        'span',
        {},
        period === null ? 'No period to compare with' : `${formatTime(period)} · nothing to compare with`,
      ),
    );
    return line;
  }
  const up = change > 0;
  const slight = Math.abs(change) < 0.0005; // "0%" would be wrong, and neither good nor bad
  const mood = slight ? 'even' : up === worseWhenUp ? 'bad' : 'good';
  const percent = slight
    ? 'under 0.1%'
    : new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 }).format(Math.abs(change));
  const moved = change === 0 ? 'No change' : `${up ? '▲' : '▼'} ${percent}`;
  const delta = element('span', { class: `delta ${mood}` }, moved);
  delta.setAttribute('aria-label', change === 0 ? moved : `${up ? 'Up' : 'Down'} ${percent}`);
  delta.setAttribute('role', 'img');
  const words = period === null || before.period === null ? null : periodWords(period, before.period);
  if (words !== null) line.append(element('span', {}, words.now));
  line.append(delta, element('span', {}, `vs ${show(before.value)}${words === null ? '' : ` ${words.before}`}`));
  return line;
}

/** The periods as a small line; a picture of what the figure's table says, so hidden from screen readers. */
function sparkline(history: readonly (number | null)[]): SVGElement | undefined {
  const points = history.flatMap((value, index) => (value === null ? [] : [{ index, value }]));
  if (points.length < 3) return undefined;
  const values = points.map((point) => point.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const last = history.length - 1;
  const place = ({ index, value }: { index: number; value: number }): string =>
    `${((index / last) * 100).toFixed(2)},${(high === low ? 14 : 26 - ((value - low) / (high - low)) * 24).toFixed(2)}`;
  const path = points.map(place).join(' ');
  const first = points[0]?.index ?? 0;
  return svg(
    'svg',
    { class: 'spark', viewBox: '0 0 100 28', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('polygon', { points: `${((first / last) * 100).toFixed(2)},28 ${path} 100,28`, class: 'spark-area' }),
    svg('polyline', { points: path, class: 'spark-line' }),
  );
}

function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
