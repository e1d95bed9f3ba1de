import type { PageData } from '../../src/preview/page-data';
import type { Choice } from '../../src/preview/variant';

/** Where the reader is: a dashboard, its tab, and the choices of its filters. */
export interface View {
  readonly dashboard: string;
  readonly tab: string;
  readonly choices: ReadonlyMap<string, Choice>;
}

/**
 * The view that an address (`#overview/trends?currency=PHP`) names; whatever is unknown in it falls back to the
 * default, so an old link still opens something.
 */
export function viewOf(data: PageData, hash: string): View | undefined {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const [dashboardKey, tabKey] = path.split('/').map(decode);
  const dashboard = data.dashboards.find((candidate) => candidate.key === dashboardKey) ?? data.dashboards[0];
  const tab = dashboard?.tabs.find((candidate) => candidate.key === tabKey) ?? dashboard?.tabs[0];
  if (dashboard === undefined || tab === undefined) return undefined;
  const asked = new URLSearchParams(query);
  const choices = new Map<string, Choice>();
  for (const filter of dashboard.filters) {
    const value = asked.get(filter.key);
    if (value === null) choices.set(filter.key, filter.default);
    else if (value === '' && !filter.required) choices.set(filter.key, null);
    else choices.set(filter.key, filter.options.some((option) => option.value === value) ? value : filter.default);
  }
  return { dashboard: dashboard.key, tab: tab.key, choices };
}

/** The address of a view: only choices that differ from the default are in it. */
export function hashOf(data: PageData, view: View): string {
  const dashboard = data.dashboards.find((candidate) => candidate.key === view.dashboard);
  const query = new URLSearchParams();
  for (const filter of dashboard?.filters ?? []) {
    const value = view.choices.get(filter.key) ?? null;
    if (value !== filter.default) query.set(filter.key, value ?? '');
  }
  const text = query.toString();
  return `#${encodeURIComponent(view.dashboard)}/${encodeURIComponent(view.tab)}${text === '' ? '' : `?${text}`}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
