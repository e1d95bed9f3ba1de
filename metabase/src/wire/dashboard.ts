import { asNumber, asObject, asText, optionalNumber, optionalText } from '../api/answer';
import type { Card, Dashboard, Filter, QuestionCard, Tab, TextCard } from '../content/dashboard';
import { isEmpty, isList, isObject, sameJson, type Json, type JsonObject } from '../content/json';
import type { Question, Widget } from '../content/question';
import { clickFromWire, clickToWire, type ClickPlace, type FilterIds, type FilterKeys } from './click';
import { parameterId } from './ids';
import type { DashboardKeys, PlacedIds } from './keys';
import type { ToIds, ToNames } from './references';

/** What POST /api/dashboard takes: an empty dashboard, so that others can link to its id. */
export function newDashboardToWire(dashboard: Dashboard, ids: ToIds): JsonObject {
  return {
    name: dashboard.name,
    ...(dashboard.description === '' ? {} : { description: dashboard.description }),
    collection_id: ids.collection(dashboard.collection),
  };
}

/** What a dashboard and its cards refer to. */
interface DashboardReferences {
  readonly questions: ReadonlyMap<string, Question>;
  readonly placed: PlacedIds;
  readonly ids: ToIds;
  readonly filterId: FilterIds;
}

/**
 * The whole dashboard as PUT /api/dashboard takes it. What is there keeps its id; what is new gets a negative one; a
 * card or tab that is not in the list is deleted by Metabase.
 */
export function dashboardToWire(
  dashboard: Dashboard,
  { questions, placed, ids, filterId }: DashboardReferences,
): JsonObject {
  let next = -1;
  const tabs = dashboard.tabs.map((tab, position) => ({
    id: placed.tabs[tab.key] ?? next--,
    name: tab.name,
    position,
    key: tab.key,
  }));
  const several = tabs.length > 1;
  const cards = dashboard.tabs.flatMap((tab, index) =>
    tab.cards.map((card): JsonObject => {
      const question = card.kind === 'question' ? questions.get(card.question) : undefined;
      return {
        id: placed.cards[card.key] ?? next--,
        row: card.at.row,
        col: card.at.column,
        size_x: card.at.width,
        size_y: card.at.height,
        // One tab is no tab to Metabase; with two or more, every card has to name its own.
        ...(several ? { dashboard_tab_id: tabs[index]?.id ?? null } : {}),
        ...withWire(bodyOf(card, { dashboard, table: question?.display === 'table', ids, filterId }), card.wire),
      };
    }),
  );
  return {
    name: dashboard.name,
    // The API declares a text that is not blank: what has none is not said.
    ...(dashboard.description === '' ? {} : { description: dashboard.description }),
    collection_id: ids.collection(dashboard.collection),
    ...(dashboard.position === undefined ? {} : { collection_position: dashboard.position }),
    width: dashboard.width ?? 'full',
    auto_apply_filters: dashboard.autoApplyFilters ?? true,
    parameters: parametersToWire(dashboard, filterId),
    tabs: several ? tabs.map(({ id, name, position }) => ({ id, name, position })) : [],
    dashcards: cards,
  };
}

export function parametersToWire(dashboard: Dashboard, filterId: FilterIds): JsonObject[] {
  return (dashboard.filters ?? []).map((filter) => ({
    id: filterId(dashboard.key, filter.key),
    name: filter.name,
    slug: filter.key,
    type: filter.type,
    sectionId: filter.section ?? sectionOf(filter.type),
    ...(filter.default === undefined ? {} : { default: filter.default }),
    ...(filter.values === undefined
      ? {}
      : { values_source_type: 'static-list', values_source_config: { values: [...filter.values] } }),
  }));
}

function questionCard(
  card: QuestionCard,
  { dashboard, table, ids, filterId }: ClickPlace,
): { readonly parameter_mappings: readonly Json[] } & JsonObject {
  const question = ids.question(card.question);
  return {
    card_id: question,
    parameter_mappings: Object.entries(card.filters ?? {}).map(([filter, tag]) => ({
      parameter_id: filterId(dashboard.key, filter),
      card_id: question,
      target: [ids.tagKind(card.question, tag), ['template-tag', tag]],
    })),
    visualization_settings: {
      ...card.settings,
      ...(card.title === undefined ? {} : { 'card.title': card.title }),
      ...(card.click === undefined ? {} : clickToWire(card.click, { dashboard, table, ids, filterId })),
    },
  };
}

function bodyOf(
  card: Card,
  { dashboard, table, ids, filterId }: ClickPlace,
): { readonly parameter_mappings: readonly Json[] } & JsonObject {
  if (card.kind === 'question') return questionCard(card, { dashboard, table, ids, filterId });
  if (card.kind === 'other') return { parameter_mappings: [] };
  return { parameter_mappings: [], visualization_settings: textSettings(card) };
}

/** What files have no words for goes back as it came; mappings of such a kind are added to those that they know. */
function withWire(
  body: { readonly parameter_mappings: readonly Json[] } & JsonObject,
  wire: JsonObject = {},
): JsonObject {
  const { parameter_mappings: more, ...rest } = wire;
  const added = more === undefined || !isList(more) ? [] : more;
  return { ...body, ...rest, parameter_mappings: [...body.parameter_mappings, ...added] };
}

function textSettings(card: TextCard): JsonObject {
  return { ...card.settings, text: card.text, virtual_card: virtualCard(card.kind) };
}

function virtualCard(display: TextCard['kind']): JsonObject {
  return { name: null, display, visualization_settings: {}, dataset_query: {}, archived: false };
}

function sectionOf(type: Widget): string {
  const family = type.split('/')[0] ?? type;
  return family === 'category' ? 'string' : family;
}

/** What GET /api/dashboard/:id says, as a dashboard's file would, under the keys that `keys` chooses. */
export function dashboardFromWire(
  wire: JsonObject,
  keys: DashboardKeys,
  names: ToNames,
  filterKey: FilterKeys,
): Dashboard {
  const { key } = keys;
  const what = `Dashboard "${key}"`;
  const collection = optionalNumber(wire.collection_id);
  const position = optionalNumber(wire.collection_position);
  const dashcards = (Array.isArray(wire.dashcards) ? wire.dashcards : []) as Json[];
  const cards = dashcards.map((value) => {
    const dashcard = asObject(value, `a card of ${what}`);
    return { tab: optionalNumber(dashcard.dashboard_tab_id), card: cardFromWire(dashcard, keys, names, filterKey) };
  });
  const wireTabs = ((Array.isArray(wire.tabs) ? wire.tabs : []) as Json[]).map((value) =>
    asObject(value, `a tab of ${what}`),
  );
  const tabs: Tab[] =
    wireTabs.length === 0
      ? [{ ...onlyTab, cards: inOrder(cards.map(({ card }) => card)) }]
      : [...wireTabs]
          .sort((a, b) => (optionalNumber(a.position) ?? 0) - (optionalNumber(b.position) ?? 0))
          .map((tab) => {
            const id = asNumber(tab.id, `a tab's id in ${what}`);
            return {
              key: keys.tab(id),
              name: asText(tab.name, `a tab's name in ${what}`),
              cards: inOrder(cards.filter((placed) => placed.tab === id).map(({ card }) => card)),
            };
          });
  return normalDashboard({
    key,
    collection: (collection === undefined ? undefined : names.collection(collection)) ?? `#${collection ?? 'root'}`,
    name: asText(wire.name, `${what}'s name`),
    description: optionalText(wire.description) ?? '',
    ...(position === undefined ? {} : { position }),
    width: wire.width === 'fixed' ? 'fixed' : 'full',
    autoApplyFilters: wire.auto_apply_filters !== false,
    filters: ((Array.isArray(wire.parameters) ? wire.parameters : []) as Json[]).map((value) =>
      filterFromWire(asObject(value, `a filter of ${what}`), key),
    ),
    tabs,
  });
}

/** Metabase keeps no tab for a dashboard that has one, so its key and name are fixed. */
const onlyTab = { key: 'main', name: 'Main' };

function filterFromWire(parameter: JsonObject, dashboard: string): Filter {
  const key = asText(parameter.slug, `a filter's slug in dashboard "${dashboard}"`);
  const id = asText(parameter.id, `the id of filter "${key}" in dashboard "${dashboard}"`);
  const type = asText(parameter.type, `the type of filter "${key}"`) as Widget;
  const section = optionalText(parameter.sectionId);
  const config = parameter.values_source_config;
  const values = parameter.values_source_type === 'static-list' && isObject(config) ? config.values : undefined;
  return {
    key,
    ...(id === parameterId(dashboard, key) ? {} : { id }),
    name: asText(parameter.name, `the name of filter "${key}"`),
    type,
    ...(section === undefined || section === sectionOf(type) ? {} : { section }),
    ...(parameter.default === undefined || parameter.default === null ? {} : { default: parameter.default }),
    ...(Array.isArray(values) ? { values: values.filter((value) => typeof value === 'string') } : {}),
  };
}

function cardFromWire(dashcard: JsonObject, keys: DashboardKeys, names: ToNames, filterKey: FilterKeys): Card {
  const what = `a card of dashboard "${keys.key}"`;
  const id = asNumber(dashcard.id, `${what}: its id`);
  const at = {
    row: asNumber(dashcard.row, `${what}: row`),
    column: asNumber(dashcard.col, `${what}: col`),
    width: asNumber(dashcard.size_x, `${what}: size_x`),
    height: asNumber(dashcard.size_y, `${what}: size_y`),
  };
  const settings = asObject(dashcard.visualization_settings ?? {}, `${what}: settings`);
  const cardId = optionalNumber(dashcard.card_id);
  const wire = foreignFields(dashcard);
  if (cardId === undefined) {
    const display = displayOfWords(settings.virtual_card);
    if (display === undefined || wire.action_id !== undefined)
      return {
        kind: 'other',
        key: keys.card(id),
        at,
        wire: { ...wire, ...mappingsOf(dashcard), visualization_settings: settings },
      };
    const more = { ...wire, ...mappingsOf(dashcard) };
    const rest = Object.fromEntries(
      Object.entries(settings).filter(([name]) => name !== 'virtual_card' && name !== 'text'),
    );
    return {
      kind: display,
      key: keys.card(id),
      text: optionalText(settings.text) ?? '',
      at,
      ...(Object.keys(rest).length === 0 ? {} : { settings: rest }),
      ...(Object.keys(more).length === 0 ? {} : { wire: more }),
    };
  }
  const { click, rest } = clickFromWire(settings, keys.key, names, filterKey);
  const title = optionalText(rest['card.title']);
  const others = Object.fromEntries(
    Object.entries(rest).filter(([name]) => name !== 'card.title' || title === undefined),
  );
  const filters: Record<string, string> = {};
  const unknown: Json[] = [];
  for (const value of (Array.isArray(dashcard.parameter_mappings) ? dashcard.parameter_mappings : []) as Json[]) {
    const one = asObject(value, `${what}: a filter's target`);
    const filter = filterKey(keys.key, asText(one.parameter_id, `${what}: a filter's id`));
    const tag = tagOf(one.target);
    const own = one.card_id === undefined || one.card_id === null || one.card_id === cardId;
    if (filter !== undefined && tag !== undefined && own && filters[filter] === undefined) filters[filter] = tag;
    else unknown.push(one);
  }
  const more = { ...wire, ...(unknown.length === 0 ? {} : { parameter_mappings: unknown }) };
  return {
    kind: 'question',
    key: keys.card(id),
    question: names.question(cardId) ?? `#${cardId}`,
    at,
    ...(Object.keys(filters).length === 0 ? {} : { filters }),
    ...(title === undefined ? {} : { title }),
    ...(Object.keys(others).length === 0 ? {} : { settings: others }),
    ...(click === undefined ? {} : { click }),
    ...(Object.keys(more).length === 0 ? {} : { wire: more }),
  };
}

/** Fields of a card, beside its place and settings, that files have no words for; empty ones say nothing. */
function foreignFields(dashcard: JsonObject): JsonObject {
  const series = (Array.isArray(dashcard.series) ? dashcard.series : []) as Json[];
  const inline = (Array.isArray(dashcard.inline_parameters) ? dashcard.inline_parameters : []) as Json[];
  return {
    ...(optionalNumber(dashcard.action_id) === undefined ? {} : { action_id: dashcard.action_id ?? null }),
    // Read back as whole questions, written by their numbers.
    ...(series.length === 0
      ? {}
      : { series: series.map((one) => ({ id: asNumber(asObject(one, 'a series').id, 'the id of a series') })) }),
    ...(inline.length === 0 ? {} : { inline_parameters: inline }),
  };
}

function mappingsOf(dashcard: JsonObject): JsonObject {
  const mappings = (Array.isArray(dashcard.parameter_mappings) ? dashcard.parameter_mappings : []) as Json[];
  return mappings.length === 0 ? {} : { parameter_mappings: mappings };
}

/** Whether a card without a question is words as files have them; a virtual card that says more is not. */
function displayOfWords(virtual: Json | undefined): TextCard['kind'] | undefined {
  if (!isObject(virtual)) return undefined;
  const display = virtual.display;
  if (display !== 'heading' && display !== 'text') return undefined;
  return sameJson({ ...virtualCard(display), ...asObject(virtual, 'a virtual card') }, virtualCard(display))
    ? display
    : undefined;
}

/** `["dimension", ["template-tag", "status"]]`, with an options map after it in some releases. */
function tagOf(target: Json | undefined): string | undefined {
  if (!Array.isArray(target)) return undefined;
  const inner: unknown = target.find((item: unknown) => Array.isArray(item) && item[0] === 'template-tag');
  if (!Array.isArray(inner)) return undefined;
  const name: unknown = inner.slice(1).find((item: unknown) => typeof item === 'string');
  return typeof name === 'string' ? name : undefined;
}

/** Cards as people read them, so that one order of the file follows from one layout. */
function inOrder(cards: readonly Card[]): Card[] {
  return [...cards].sort((a, b) => a.at.row - b.at.row || a.at.column - b.at.column);
}

/** The form in which dashboards are compared: defaults and empty parts left out, and the preview's own hints too. */
export function normalDashboard(dashboard: Dashboard): Dashboard {
  const { key, collection, name, description, position, width, autoApplyFilters, filters, tabs } = dashboard;
  return {
    key,
    collection,
    name,
    description,
    ...(position === undefined ? {} : { position }),
    ...(width === 'fixed' ? { width } : {}),
    ...(autoApplyFilters === false ? { autoApplyFilters } : {}),
    ...(filters === undefined || filters.length === 0
      ? {}
      : { filters: filters.map((filter) => withoutHints(filter, key)) }),
    tabs: tabs.map((tab) => ({ ...tab, cards: inOrder(tab.cards).map(normalCard) })),
  };
}

/** The API's structure declares neither `required` nor one value only for a filter; they are the preview's. */
function withoutHints(filter: Filter, dashboard: string): Filter {
  const { key, id, name, type, section, default: preset, values } = filter;
  return {
    key,
    ...(id === undefined || id === parameterId(dashboard, key) ? {} : { id }),
    name,
    type,
    ...(section === undefined || section === sectionOf(type) ? {} : { section }),
    ...(preset === undefined ? {} : { default: preset }),
    ...(values === undefined ? {} : { values }),
  };
}

function normalCard(card: Card): Card {
  if (card.kind === 'other') return card;
  if (card.kind !== 'question') {
    const { kind, key, text, at, settings, wire } = card;
    return { kind, key, text, at, ...(isEmpty(settings) ? {} : { settings }), ...(isEmpty(wire) ? {} : { wire }) };
  }
  const { kind, key, question, at, filters, title, settings, click, wire } = card;
  return {
    kind,
    key,
    question,
    at,
    ...(isEmpty(filters) ? {} : { filters }),
    ...(title === undefined ? {} : { title }),
    ...(isEmpty(settings) ? {} : { settings }),
    ...(click === undefined ? {} : { click }),
    ...(isEmpty(wire) ? {} : { wire }),
  };
}
