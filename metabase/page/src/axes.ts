import type { PageQuestion } from '../../src/preview/page-data';
import type { Rows } from './card-format';
import { textList } from './chart-input';

/** Dimensions and metrics of the card, from the settings or else the first column and every number after it. */
export function axes(card: PageQuestion, rows: Rows): { x: string; breakout: string | undefined; metrics: string[] } {
  const names = rows.columns.map((column) => column.name);
  const [x, breakout] = textList(card.settings['graph.dimensions']).filter((name) => names.includes(name));
  const metrics = textList(card.settings['graph.metrics']).filter((name) => names.includes(name));
  const first = x ?? names[0] ?? '';
  const numbers = rows.columns.filter((column) => column.type === 'number' && column.name !== first);
  return { x: first, breakout, metrics: metrics.length > 0 ? metrics : numbers.map((column) => column.name) };
}
