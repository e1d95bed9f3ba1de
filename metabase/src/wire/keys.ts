import { optionalNumber, optionalText } from '../api/answer';
import type { Card, Dashboard } from '../content/dashboard';
import { isObject, type Json, type JsonObject } from '../content/json';

/** The numbers that the tabs and cards of a dashboard already have on the server, by key. */
export interface PlacedIds {
  readonly tabs: Readonly<Record<string, number>>;
  readonly cards: Readonly<Record<string, number>>;
}

/** The keys under which a dashboard, its tabs and its cards are read back. */
export interface DashboardKeys {
  readonly key: string;
  tab(id: number): string;
  card(id: number): string;
}

/** Text as a key: lower case, digits and dashes. */
export function slug(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80);
  return plain === '' ? 'untitled' : plain;
}

/** The name if it is free, or else with the first number that makes it so. */
export function freeKey(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) if (!taken.has(`${wanted}-${number}`)) return `${wanted}-${number}`;
}

/**
 * Which number on the server is which key: what the last apply noted; else, where that is lost, the tab of the same name
 * and the card of the same question in the same place; else a key made from what it shows.
 */
export function keysOf(
  key: string,
  wire: JsonObject,
  {
    noted,
    desired,
    questionKey,
  }: {
    readonly noted: PlacedIds;
    readonly desired: Dashboard | undefined;
    readonly questionKey: (id: number) => string | undefined;
  },
): DashboardKeys & PlacedIds {
  const tabs = new Map<number, string>();
  const takenTabs = new Set<string>();
  const wireTabs = objects(wire.tabs);
  const noteTab = (id: number, name: string): void => {
    tabs.set(id, name);
    takenTabs.add(name);
  };
  for (const [name, id] of Object.entries(noted.tabs)) if (wireTabs.some((tab) => tab.id === id)) noteTab(id, name);
  for (const tab of wireTabs) {
    const id = optionalNumber(tab.id);
    if (id === undefined || tabs.has(id)) continue;
    const name = optionalText(tab.name) ?? '';
    const same = desired?.tabs.find((candidate) => candidate.name === name && !takenTabs.has(candidate.key));
    noteTab(id, same?.key ?? freeKey(slug(name), takenTabs));
  }

  const cards = new Map<number, string>();
  const takenCards = new Set<string>();
  const dashcards = objects(wire.dashcards);
  const noteCard = (id: number, name: string): void => {
    cards.set(id, name);
    takenCards.add(name);
  };
  for (const [name, id] of Object.entries(noted.cards))
    if (dashcards.some((card) => card.id === id)) noteCard(id, name);
  const wanted = desired?.tabs.flatMap((tab) => tab.cards.map((card) => ({ tab: tab.key, card }))) ?? [];
  for (const dashcard of dashcards) {
    const id = optionalNumber(dashcard.id);
    if (id === undefined || cards.has(id)) continue;
    const cardId = optionalNumber(dashcard.card_id);
    const question = cardId === undefined ? undefined : questionKey(cardId);
    const tab = tabs.get(optionalNumber(dashcard.dashboard_tab_id) ?? 0) ?? 'main';
    const same = wanted.find(
      (candidate) =>
        candidate.tab === tab && !takenCards.has(candidate.card.key) && sameCard(candidate.card, dashcard, question),
    );
    noteCard(id, same?.card.key ?? freeKey(question ?? textKey(dashcard), takenCards));
  }
  return {
    key,
    tab: (id) => tabs.get(id) ?? `tab-${id}`,
    card: (id) => cards.get(id) ?? `card-${id}`,
    tabs: Object.fromEntries([...tabs].map(([id, name]) => [name, id])),
    cards: Object.fromEntries([...cards].map(([id, name]) => [name, id])),
  };
}

function sameCard(card: Card, dashcard: JsonObject, question: string | undefined): boolean {
  const samePlace = card.at.row === dashcard.row && card.at.column === dashcard.col;
  return samePlace && (card.kind === 'question' ? card.question === question : question === undefined);
}

function textKey(dashcard: JsonObject): string {
  const settings = dashcard.visualization_settings;
  const text = isObject(settings) && typeof settings.text === 'string' ? settings.text : '';
  const virtual = isObject(settings) ? settings.virtual_card : undefined;
  const display = isObject(virtual) && typeof virtual.display === 'string' ? virtual.display : 'text';
  return (
    slug(text === '' ? display : text)
      .slice(0, 40)
      .replace(/-+$/, '') || 'text'
  );
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? (value as unknown[]).filter((item): item is JsonObject => isObject(item)) : [];
}
