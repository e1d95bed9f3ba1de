import { sentence } from './words';
import type { PageDashboard } from '../../src/preview/page-data';
import { element } from './dom';
import type { Choice } from '../../src/preview/variant';

interface FilterBarState {
  readonly choices: ReadonlyMap<string, Choice>;
  /** Filters that a card of the tab uses. */
  readonly used: ReadonlySet<string>;
  readonly answered: (choices: ReadonlyMap<string, Choice>) => boolean;
  readonly choose: (filter: string, value: Choice) => void;
}

/**
 * The dashboard's filters as native selects: they work with a keyboard, a screen reader and a thumb as they are. A choice
 * that the page has no answers for, beside what is chosen, is shown and cannot be made.
 */
export function filterBar(dashboard: PageDashboard, { choices, used, answered, choose }: FilterBarState): HTMLElement {
  const bar = element('div', { class: 'filters', role: 'group', 'aria-label': 'Filters' });
  let changed = false;
  for (const filter of dashboard.filters) {
    if (!used.has(filter.key)) continue;
    const value = choices.get(filter.key) ?? null;
    const id = `filter-${filter.key}`;
    const select = element('select', { id });
    const offer = (label: string, offered: Choice): void => {
      const option = new Option(label, offered ?? '', false, offered === value);
      option.disabled = offered !== value && !answered(new Map(choices).set(filter.key, offered));
      select.append(option);
    };
    if (!filter.required) offer('All', null);
    for (const option of filter.options) offer(sentence(option.label), option.value);
    select.addEventListener('change', () => {
      choose(filter.key, select.value === '' ? null : select.value);
    });
    const active = value !== filter.default;
    changed ||= active;
    bar.append(
      element(
        'div',
        { class: active ? 'filter active' : 'filter' },
        element('label', { for: id }, filter.name),
        select,
      ),
    );
  }
  if (changed) {
    const reset = element('button', { type: 'button', class: 'quiet' }, 'Reset');
    reset.addEventListener('click', () => {
      choose('', null);
    });
    bar.append(reset);
  }
  if (bar.querySelector('option:disabled') !== null)
    bar.append(
      element(
        'p',
        { class: 'filter-note' },
        'Greyed choices are not on this page together with those made: reset one.',
      ),
    );
  return bar;
}
