import type { PageData } from '../../src/preview/page-data';
import { axes } from './axes';

/**
 * Where each value that some card breaks out stands among the values of its column, over all cards: the same channel then has the
 * same colour everywhere, whichever values a card has beside it.
 */
export function colorPlaces(data: Pick<PageData, 'dashboards' | 'answers'>): Map<string, Map<string, number>> {
  const values = new Map<string, Set<string>>();
  for (const card of data.dashboards.flatMap(({ tabs }) => tabs.flatMap(({ cards }) => cards))) {
    if (card.kind !== 'question') continue;
    for (const at of new Set(Object.values(card.variants))) {
      const answer = data.answers[at];
      if (answer?.kind !== 'rows') continue;
      const { breakout } = axes(card, answer);
      if (breakout === undefined) continue;
      const column = answer.columns.findIndex(({ name }) => name === breakout);
      const known = values.get(breakout) ?? new Set();
      values.set(breakout, known);
      for (const row of answer.rows) known.add(row[column] ?? '–');
    }
  }
  return new Map(
    [...values].map(([column, known]) => [column, new Map([...known].sort().map((value, place) => [value, place]))]),
  );
}
