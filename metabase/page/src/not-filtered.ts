import type { PageFilter, PageQuestion } from '../../src/preview/page-data';
import type { Choice } from '../../src/preview/variant';

/**
 * The names of the filters above a card that have a value and do not feed it: whoever chose it would take the card for filtered.
 * A figure names its own period, so the dates above say nothing of it; a filter that must have a value says nothing by its default.
 */
export function notFilteredBy(
  card: Pick<PageQuestion, 'display' | 'filters'>,
  above: readonly PageFilter[],
  choices: ReadonlyMap<string, Choice>,
): string[] {
  const figure = card.display === 'scalar' || card.display === 'smartscalar';
  return above
    .filter(({ key, kind, required, default: preset }) => {
      const value = choices.get(key) ?? null;
      if (value === null || card.filters.includes(key)) return false;
      return !(figure && kind === 'date') && !(required && value === preset);
    })
    .map(({ name }) => name);
}
