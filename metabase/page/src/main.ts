import type { Answer, PageCard, PageData, PageFilter, PageQuestion } from '../../src/preview/page-data';
import { CardView, type Surroundings } from './card-view';
import { hashOf, viewOf, type View } from './choices';
import { colorPlaces } from './color-places';
import { byId, element } from './dom';
import { filterBar } from './filter-bar';
import { dark, light } from './palette';
import { tabList } from './tab-list';
import { variantKey, type Choice } from '../../src/preview/variant';

const data = JSON.parse(byId('page-data').textContent) as PageData; // written by the same build as this script
const dashboards = new Map(data.dashboards.map((dashboard) => [dashboard.key, dashboard]));
const places = colorPlaces(data);
const views = new Map<string, CardView>();
let shown: View | undefined;
let printing = false;

const surroundings: Surroundings = {
  answers: data.answers,
  readAt: data.readAtWallClock,
  palette: () => (theme() === 'dark' ? dark : light),
  colorPlace: (column, value) => places.get(column)?.get(value),
  ask(card, choices) {
    if (!data.live || shown === undefined) return undefined;
    const query = new URLSearchParams({ dashboard: shown.dashboard, card: card.key });
    for (const filter of card.filters) query.set(`filter.${filter}`, choices.get(filter) ?? '');
    return fetch(`answer?${query.toString()}`).then((response) => response.json() as Promise<Answer>);
  },
  click(card, column, row, answer) {
    const click = card.click;
    if (click === null || shown === undefined) return undefined;
    if (click.kind === 'url')
      return column === undefined ? () => window.open(click.url, '_blank', 'noopener') : undefined;
    const pairs = Object.entries(click.set ?? {});
    if (column !== undefined && !pairs.some(([, source]) => source === column)) return undefined;
    const target = dashboards.get(click.kind === 'filter' ? shown.dashboard : click.dashboard);
    if (target === undefined) return undefined;
    const set = new Map<string, Choice>();
    for (const [filter, source] of pairs) {
      const value = row[answer.columns.findIndex((candidate) => candidate.name === source)] ?? null;
      const known = target.filters.find((candidate) => candidate.key === filter);
      if (value !== null && known?.options.some((option) => option.value === value) === true) set.set(filter, value);
    }
    if (click.kind === 'filter')
      return set.size === 0
        ? undefined
        : () => {
            toggle(set);
          };
    const tab = click.tab ?? target.tabs[0]?.key ?? '';
    const choices = new Map(
      target.filters.map((filter): [string, Choice] => [filter.key, set.get(filter.key) ?? filter.default]),
    );
    return () => {
      go({ dashboard: target.key, tab, choices });
    };
  },
};

/** Whether every card of the shown tab has an answer for these choices; a page that is served asks for them. */
function answered(choices: ReadonlyMap<string, Choice>): boolean {
  if (data.live || shown === undefined) return true;
  const { dashboard, tab } = shown;
  const cards = dashboards.get(dashboard)?.tabs.find((one) => one.key === tab)?.cards ?? [];
  return cards.every((card) => {
    if (card.kind !== 'question') return true;
    const failed = Object.values(card.variants).some((at) => data.answers[at]?.kind === 'failed');
    const key = variantKey(card.filters.map((filter) => choices.get(filter) ?? null));
    return failed || key in card.variants; // a card that failed was asked for its default view only
  });
}

/** A second click on the same value takes the filter back, as in Metabase. */
function toggle(set: ReadonlyMap<string, Choice>): void {
  if (shown === undefined) return;
  const filters = dashboards.get(shown.dashboard)?.filters ?? [];
  const same = [...set].every(([filter, value]) => shown?.choices.get(filter) === value);
  const choices = new Map(shown.choices);
  for (const [filter, value] of set)
    choices.set(filter, same ? (filters.find((candidate) => candidate.key === filter)?.default ?? null) : value);
  // Beside the other choices it may not be on the page: then what was clicked stands alone, if it is there at all.
  const alone = new Map(filters.map(({ key, default: preset }): [string, Choice] => [key, set.get(key) ?? preset]));
  const answerable = [choices, alone].find(answered);
  if (answerable !== undefined) go({ ...shown, choices: answerable });
}

function go(view: View): void {
  const hash = hashOf(data, view);
  if (hash === location.hash) render();
  else location.hash = hash;
}

function theme(): 'light' | 'dark' {
  if (printing) return 'light';
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'dark' || chosen === 'light') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

function render(): void {
  const view = viewOf(data, location.hash);
  const dashboard = view === undefined ? undefined : dashboards.get(view.dashboard);
  if (view === undefined || dashboard === undefined) return;
  const changedDashboard = shown?.dashboard !== view.dashboard;
  shown = view;
  document.title = `${dashboard.name} · ${data.title}`;
  for (const link of document.querySelectorAll<HTMLAnchorElement>('#dashboards a')) {
    if (link.dataset.key === view.dashboard) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  byId('dashboard-name').textContent = dashboard.name;
  byId('dashboard-description').textContent = dashboard.description;
  if (changedDashboard) {
    for (const card of views.values()) card.root.remove();
    views.clear();
    byId('panels').replaceChildren(
      ...dashboard.tabs.map((tab) => panel(tab.key, tab.name, tab.cards, dashboard.filters)),
    );
    window.scrollTo({ top: 0 });
  }
  const focused = document.activeElement?.id;
  const used = new Set(
    dashboard.tabs
      .find((tab) => tab.key === view.tab)
      ?.cards.flatMap((card) => (card.kind === 'question' ? card.filters : [])),
  );
  byId('controls').replaceChildren(
    ...(dashboard.tabs.length > 1
      ? [
          tabList(dashboard.tabs, view.tab, (tab) => {
            if (shown !== undefined) {
              go({ ...shown, tab });
              render();
            }
          }),
        ]
      : []),
    filterBar(dashboard, {
      choices: view.choices,
      used,
      answered,
      choose: (filter, value) => {
        if (shown === undefined) return;
        const choices =
          filter === ''
            ? new Map(dashboard.filters.map((one): [string, Choice] => [one.key, one.default]))
            : new Map(shown.choices).set(filter, value);
        go({ ...shown, choices });
      },
    }),
  );
  if (focused !== undefined && focused !== '') document.getElementById(focused)?.focus();
  // On a phone the chosen dashboard and tab may be beyond the edge of their lists.
  for (const chosen of document.querySelectorAll('#dashboards [aria-current], .tabs [aria-selected="true"]'))
    chosen.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  draw();
}

function draw(): void {
  if (shown === undefined) return;
  const view = shown;
  for (const tab of dashboards.get(view.dashboard)?.tabs ?? []) {
    const visible = printing || tab.key === view.tab;
    byId(`panel-${tab.key}`).hidden = !visible;
    if (!visible) continue;
    for (const card of tab.cards) views.get(card.key)?.draw(view.choices, printing ? 'print' : theme());
  }
}

function panel(key: string, name: string, cards: readonly PageCard[], filters: readonly PageFilter[]): HTMLElement {
  const used = new Set(cards.flatMap((card) => (card.kind === 'question' ? card.filters : [])));
  const above = filters.filter((filter) => used.has(filter.key));
  const grid = element('div', { class: 'grid' });
  const inOrder = [...cards].sort((a, b) => a.at.row - b.at.row || a.at.column - b.at.column);
  for (const card of inOrder) {
    const root = card.kind === 'question' ? question(card, above) : words(card.kind, card.text);
    root.style.gridArea = `${card.at.row + 1} / ${card.at.column + 1} / span ${card.at.height} / span ${card.at.width}`;
    grid.append(root);
  }
  return element(
    'div',
    { id: `panel-${key}`, class: 'panel', role: 'tabpanel', 'aria-labelledby': `tab-${key}` },
    element('h2', { class: 'print-only' }, name),
    grid,
  );
}

function question(card: PageQuestion, above: readonly PageFilter[]): HTMLElement {
  const view = new CardView(card, surroundings, above);
  views.set(card.key, view);
  return view.root;
}

function words(kind: 'heading' | 'text', text: string): HTMLElement {
  return kind === 'heading'
    ? element('h2', { class: 'section' }, text)
    : element('div', { class: 'words' }, ...text.split(/\n{2,}/).map((paragraph) => element('p', {}, paragraph)));
}

function start(): void {
  byId('dashboards').replaceChildren(
    ...data.dashboards.map((dashboard) => {
      const item = element(
        'li',
        {},
        element('a', { href: `#${encodeURIComponent(dashboard.key)}`, 'data-key': dashboard.key }, dashboard.name),
      );
      return item;
    }),
  );
  sayReadAt(data.readAt);
  byId('theme').addEventListener('click', () => {
    document.documentElement.dataset.theme = theme() === 'dark' ? 'light' : 'dark';
    draw();
  });
  byId('print').addEventListener('click', () => {
    window.print();
  });
  window.addEventListener('hashchange', render);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  window.addEventListener('beforeprint', () => {
    print(true);
  });
  window.addEventListener('afterprint', () => {
    print(false);
  });
  let waiting = 0;
  window.addEventListener('resize', () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      for (const view of views.values()) view.resize();
    });
  });
  if (data.live) follow();
  render();
}

/** On paper: every tab, in light, at the paper's width. */
function print(on: boolean): void {
  printing = on;
  document.documentElement.classList.toggle('printing', on);
  draw();
  for (const view of views.values()) view.resize();
}

function sayReadAt(instant: string): void {
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: data.timeZone });
  byId('read-at').textContent = `${day.format(new Date(instant))}, ${data.timeZone} time`;
}

/** A live page is told when the warehouse was read again; where that found something new, it reloads. */
function follow(): void {
  const source = new EventSource('changes');
  let readAt = data.readAt;
  source.addEventListener('same', (event) => {
    readAt = String(event.data);
    sayReadAt(readAt);
  });
  source.addEventListener('changed', () => {
    location.reload();
  });
  source.addEventListener('opened', (event) => {
    if (event.data !== readAt) location.reload();
  });
}

start();
