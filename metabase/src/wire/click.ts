import type { Click, ClickMapping, Dashboard } from '../content/dashboard';
import { isObject, type JsonObject } from '../content/json';
import { columnKey, columnOfKey } from './question';
import type { ToIds, ToNames } from './references';

/** A filter's id on any dashboard, by keys; a click sets filters of its own or of another dashboard. */
export type FilterIds = (dashboardKey: string, filterKey: string) => string;
/** The other way round. */
export type FilterKeys = (dashboardKey: string, id: string) => string | undefined;

/** Where a click stands, and what its keys mean there. */
export interface ClickPlace {
  readonly dashboard: Dashboard;
  /** Whether the card is a table. */
  readonly table: boolean;
  readonly ids: ToIds;
  readonly filterId: FilterIds;
}

/**
 * A click as visualization settings. A chart has one; a table has one per column, so there each column that gives a value
 * carries it.
 */
export function clickToWire(click: Click, { dashboard, table, ids, filterId }: ClickPlace): JsonObject {
  const behaviour = behaviourOf(click, dashboard, ids, filterId);
  const columns = table && click.kind !== 'url' ? [...new Set(Object.values(click.set ?? {}))] : [];
  if (columns.length === 0) return { click_behavior: behaviour };
  return {
    column_settings: Object.fromEntries(columns.map((column) => [columnKey(column), { click_behavior: behaviour }])),
  };
}

function behaviourOf(click: Click, dashboard: Dashboard, ids: ToIds, filterId: FilterIds): JsonObject {
  switch (click.kind) {
    case 'filter':
      return { type: 'crossfilter', parameterMapping: mapping(click.set, (key) => filterId(dashboard.key, key)) };
    case 'dashboard': {
      const tab = click.tab === undefined ? undefined : ids.tab(click.dashboard, click.tab);
      return {
        type: 'link',
        linkType: 'dashboard',
        targetId: ids.dashboard(click.dashboard),
        ...(tab === undefined ? {} : { tabId: tab }),
        parameterMapping: mapping(click.set ?? {}, (key) => filterId(click.dashboard, key)),
      };
    }
    case 'url':
      return {
        type: 'link',
        linkType: 'url',
        linkTemplate: click.url,
        ...(click.text === undefined ? {} : { linkTextTemplate: click.text }),
      };
  }
}

function mapping(set: ClickMapping, id: (key: string) => string): JsonObject {
  return Object.fromEntries(
    Object.entries(set).map(([key, column]) => [
      id(key),
      { id: id(key), source: { type: 'column', id: column, name: column }, target: { type: 'parameter', id: id(key) } },
    ]),
  );
}

/** The click in a dashboard card's settings, and the settings without it. A click of another kind stays a setting. */
export function clickFromWire(
  settings: JsonObject,
  dashboardKey: string,
  names: ToNames,
  filterKey: FilterKeys,
): { click: Click | undefined; rest: JsonObject } {
  const own = settings.click_behavior;
  if (isObject(own)) {
    const click = clickOf(own, dashboardKey, names, filterKey);
    if (click !== undefined) {
      const rest = Object.fromEntries(Object.entries(settings).filter(([key]) => key !== 'click_behavior'));
      return { click, rest };
    }
  }
  return clickOfColumns(settings, dashboardKey, names, filterKey);
}

function clickOfColumns(
  settings: JsonObject,
  dashboardKey: string,
  names: ToNames,
  filterKey: FilterKeys,
): { click: Click | undefined; rest: JsonObject } {
  const columns = settings.column_settings;
  if (!isObject(columns)) return { click: undefined, rest: settings };
  let click: Click | undefined;
  const kept: Record<string, JsonObject> = {};
  for (const [key, value] of Object.entries(columns)) {
    const column = isObject(value) ? value : {};
    const behaviour = column.click_behavior;
    const found =
      isObject(behaviour) && columnOfKey(key) !== undefined
        ? clickOf(behaviour, dashboardKey, names, filterKey)
        : undefined;
    click ??= found;
    const others = Object.fromEntries(
      Object.entries(column).filter(([name]) => found === undefined || name !== 'click_behavior'),
    );
    if (Object.keys(others).length > 0) kept[key] = others;
  }
  const rest = Object.fromEntries(Object.entries(settings).filter(([key]) => key !== 'column_settings'));
  return { click, rest: Object.keys(kept).length === 0 ? rest : { ...rest, column_settings: kept } };
}

function clickOf(
  behaviour: JsonObject,
  dashboardKey: string,
  names: ToNames,
  filterKey: FilterKeys,
): Click | undefined {
  if (behaviour.type === 'crossfilter') {
    const set = setOf(behaviour.parameterMapping, (id) => filterKey(dashboardKey, id));
    return set === undefined ? undefined : { kind: 'filter', set };
  }
  if (behaviour.type !== 'link') return undefined;
  const { linkTemplate, linkTextTemplate, targetId, tabId } = behaviour;
  if (behaviour.linkType === 'url' && typeof linkTemplate === 'string')
    return {
      kind: 'url',
      url: linkTemplate,
      ...(typeof linkTextTemplate === 'string' ? { text: linkTextTemplate } : {}),
    };
  if (behaviour.linkType !== 'dashboard' || typeof targetId !== 'number') return undefined;
  const dashboard = names.dashboard(targetId);
  if (dashboard === undefined) return undefined;
  const set = setOf(behaviour.parameterMapping, (id) => filterKey(dashboard, id));
  const tab = typeof tabId === 'number' ? names.tab(dashboard, tabId) : undefined;
  return {
    kind: 'dashboard',
    dashboard,
    ...(tab === undefined ? {} : { tab }),
    ...(set === undefined ? {} : { set }),
  };
}

function setOf(value: unknown, key: (id: string) => string | undefined): ClickMapping | undefined {
  if (!isObject(value)) return undefined;
  const set: Record<string, string> = {};
  for (const [id, one] of Object.entries(value)) {
    const source = isObject(one) && isObject(one.source) ? one.source : {};
    const filter = key(id);
    if (filter !== undefined && source.type === 'column' && typeof source.id === 'string') set[filter] = source.id;
  }
  return Object.keys(set).length === 0 ? undefined : set;
}
