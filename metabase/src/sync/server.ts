import { asNumber, optionalNumber, optionalText } from '../api/answer';
import { databaseId, type Metabase } from '../api/metabase';
import type { Collection, Content } from '../content/content';
import type { Dashboard } from '../content/dashboard';
import { isObject, type JsonObject } from '../content/json';
import { inReporting, type Reporting } from '../content/reporting';
import type { Question } from '../content/question';
import { dashboardFromWire } from '../wire/dashboard';
import { entityId } from '../wire/ids';
import { freeKey, keysOf, slug, type PlacedIds } from '../wire/keys';
import { questionFromWire } from '../wire/question';
import { objectKey } from './applied';
import type { Actual, ActualObject } from './plan';
import { Columns, databaseIds, Registry } from './registry';
import { StateCard, stateEntityId } from './state-card';

/** What is on the server of this content, and the numbers it has there. */
export interface Server {
  /** The content in the reporting currency and time zone, as Metabase is to show it. */
  readonly content: Content;
  readonly metabase: Metabase;
  readonly database: number;
  readonly actual: Actual;
  readonly registry: Registry;
  readonly state: StateCard;
  /** The numbers of each dashboard's tabs and cards. */
  readonly placed: Map<string, PlacedIds>;
  /** Questions of the collections that are not in SQL or not ours to write, with why; searched for on export only. */
  readonly skipped: readonly string[];
}

const none: PlacedIds = { tabs: {}, cards: {} };

/**
 * Reads the server. A thing is found by the number that the last apply noted, then by identity: a question by its
 * entity_id, a collection by its name and parent, a dashboard by its name and collection.
 * @param discover also read what is in the content's collections and in no file, as an export does.
 * @param reporting what the content is to be shown in; what it leaves out is as the last apply had it.
 */
export async function readServer(
  metabase: Metabase,
  files: Content,
  options: { readonly databaseName: string; readonly discover: boolean; readonly reporting: Partial<Reporting> },
): Promise<Server> {
  const listed = [...(await metabase.cards('all')), ...(await metabase.cards('archived'))];
  const state = await StateCard.open(metabase, listed);
  state.reporting = { ...state.reporting, ...options.reporting };
  const content = inReporting(files, state.reporting);
  const database = await databaseId(metabase, options.databaseName);
  const columns = new Columns(database, await metabase.databaseMetadata(database));
  const registry = new Registry(content, columns, databaseIds(await metabase.databases()));
  const skipped: string[] = [];

  const collections = await readCollections(metabase, { content, registry, state, discover: options.discover });
  findQuestions(listed, { content, registry, state, discover: options.discover });
  const questions = new Map<string, ActualObject<Question>>();
  for (const [key, id] of registry.questions) {
    const card = await metabase.card(id, `Reading question "${key}"`);
    const archived = card.archived === true;
    if (content.questions.has(key)) questions.set(key, { id, archived, value: questionFromWire(key, card, registry) });
    else {
      // A question made in Metabase may be of a kind that no file can hold; that is no reason to stop.
      try {
        questions.set(key, { id, archived, value: questionFromWire(key, card, registry) });
      } catch (error) {
        skipped.push(error instanceof Error ? error.message : String(error));
        registry.questions.delete(key);
      }
    }
  }

  const placed = new Map<string, PlacedIds>();
  const dashboards = await readDashboards(metabase, { content, registry, state, placed, discover: options.discover });
  return {
    metabase,
    content,
    database,
    actual: { collections, questions, dashboards },
    registry,
    state,
    placed,
    skipped,
  };
}

/** What a read of the server needs, and fills. */
interface ReadInto {
  readonly content: Content;
  readonly registry: Registry;
  readonly state: StateCard;
  readonly discover: boolean;
}

async function readCollections(
  metabase: Metabase,
  { content, registry, state, discover }: ReadInto,
): Promise<Map<string, ActualObject<Collection>>> {
  const rows = [...(await metabase.collections(false)), ...(await metabase.collections(true))].filter(
    (row) => typeof row.id === 'number',
  );
  const byId = new Map(rows.map((row) => [asNumber(row.id, 'a collection id'), row]));
  const take = (key: string, id: number): void => void registry.collections.set(key, id);
  for (const [name, note] of state.applied) {
    const [kind, key = ''] = name.split('/', 2);
    if (kind === 'collection' && byId.has(note.id)) take(key, note.id);
  }
  // Parents before children, as a child is looked up in its parent.
  for (let found = true; found;) {
    found = false;
    for (const collection of content.collections.values()) {
      if (registry.collections.has(collection.key)) continue;
      const parent = collection.parent === undefined ? null : registry.collections.get(collection.parent);
      if (parent === undefined) continue;
      const row = rows.find(
        (candidate) =>
          candidate.name === collection.name && parentOf(candidate) === parent && candidate.archived !== true,
      );
      if (row === undefined) continue;
      take(collection.key, asNumber(row.id, 'a collection id'));
      found = true;
    }
  }
  if (discover) {
    for (let found = true; found;) {
      found = false;
      for (const [id, row] of byId) {
        const parent = parentOf(row);
        if (
          parent === null ||
          registry.collection(id) !== undefined ||
          registry.collection(parent) === undefined ||
          row.archived === true
        )
          continue;
        take(freeKey(slug(optionalText(row.name) ?? ''), new Set(registry.collections.keys())), id);
        found = true;
      }
    }
  }
  return new Map(
    [...registry.collections].map(([key, id]): [string, ActualObject<Collection>] => [
      key,
      {
        id,
        archived: byId.get(id)?.archived === true,
        value: collectionFromWire(key, byId.get(id) ?? {}, registry),
      },
    ]),
  );
}

/** `parent_id`, or the last number of `location` (`/4/9/`) where a list leaves it out; null: the root. */
function parentOf(row: JsonObject): number | null {
  const named = optionalNumber(row.parent_id);
  if (named !== undefined) return named;
  const last = optionalText(row.location)
    ?.split('/')
    .filter((part) => part !== '')
    .at(-1);
  return last === undefined ? null : Number(last);
}

export function collectionFromWire(key: string, row: JsonObject, registry: Registry): Collection {
  const parent = parentOf(row);
  const description = optionalText(row.description);
  return {
    key,
    name: optionalText(row.name) ?? '',
    ...(description === undefined ? {} : { description }),
    ...(parent === null ? {} : { parent: registry.collection(parent) ?? `#${parent}` }),
  };
}

function findQuestions(listed: readonly JsonObject[], { content, registry, state, discover }: ReadInto): void {
  const ids = new Set(listed.map((card) => card.id));
  for (const [name, note] of state.applied) {
    const [kind, key = ''] = name.split('/', 2);
    if (kind === 'question' && ids.has(note.id)) registry.questions.set(key, note.id);
  }
  const byEntity = new Map(listed.map((card) => [card.entity_id, card]));
  for (const key of content.questions.keys()) {
    const card = byEntity.get(entityId(key));
    if (card !== undefined && !registry.questions.has(key))
      registry.questions.set(key, asNumber(card.id, `the id of question "${key}"`));
  }
  if (!discover) return;
  for (const card of listed) {
    const [id, collection] = [optionalNumber(card.id), optionalNumber(card.collection_id)];
    if (id === undefined || collection === undefined || card.archived === true || card.entity_id === stateEntityId)
      continue;
    if (registry.question(id) !== undefined || registry.collection(collection) === undefined) continue;
    registry.questions.set(freeKey(slug(optionalText(card.name) ?? ''), new Set(registry.questions.keys())), id);
  }
}

async function readDashboards(
  metabase: Metabase,
  { content, registry, state, placed, discover }: ReadInto & { readonly placed: Map<string, PlacedIds> },
): Promise<Map<string, ActualObject<Dashboard>>> {
  const wires = new Map<string, JsonObject>();
  const take = async (key: string, id: number): Promise<void> => {
    const wire = await metabase.dashboard(id, `Reading dashboard "${key}"`);
    if (wire === undefined) return;
    registry.dashboards.set(key, id);
    wires.set(key, wire);
  };
  for (const [name, note] of state.applied) {
    const [kind, key = ''] = name.split('/', 2);
    if (kind === 'dashboard') await take(key, note.id);
  }
  for (const [collectionKey, collection] of registry.collections) {
    const missing = [...content.dashboards.values()].filter(
      (one) => one.collection === collectionKey && !registry.dashboards.has(one.key),
    );
    if (missing.length === 0 && !discover) continue;
    for (const item of await metabase.itemsOf(collection, 'dashboard')) {
      const id = asNumber(item.id, 'a dashboard id');
      if (registry.dashboard(id) !== undefined) continue;
      const same = missing.find((candidate) => candidate.name === item.name && !registry.dashboards.has(candidate.key));
      const key =
        same?.key ??
        (discover ? freeKey(slug(optionalText(item.name) ?? ''), new Set(registry.dashboards.keys())) : undefined);
      if (key !== undefined) await take(key, id);
    }
  }
  // Links go from dashboard to dashboard, so all tabs and filters are known before any is read as content.
  const keys = new Map(
    [...wires].map(([key, wire]) => [key, noteDashboard(key, wire, { content, registry, state, placed })]),
  );
  return new Map(
    [...wires].map(([key, wire]): [string, ActualObject<Dashboard>] => [
      key,
      {
        id: asNumber(wire.id, `the id of dashboard "${key}"`),
        archived: wire.archived === true,
        value: dashboardFromWire(
          wire,
          keys.get(key) ?? keysOf(key, wire, { noted: none, desired: undefined, questionKey: () => undefined }),
          registry,
          registry.filterKey,
        ),
      },
    ]),
  );
}

/** Where the numbers of a dashboard are noted. */
interface NoteInto {
  readonly content: Content;
  readonly registry: Registry;
  readonly state: StateCard;
  readonly placed: Map<string, PlacedIds>;
}

/** Notes the numbers of a dashboard's tabs, cards and filters; also after a write, as a write makes new ones. */
export function noteDashboard(
  key: string,
  wire: JsonObject,
  { content, registry, state, placed }: NoteInto,
): ReturnType<typeof keysOf> {
  const noted = placed.get(key) ?? state.applied.get(objectKey('dashboard', key)) ?? none;
  const keys = keysOf(key, wire, {
    noted,
    desired: content.dashboards.get(key),
    questionKey: (id) => registry.question(id),
  });
  registry.tabs.set(key, new Map(Object.entries(keys.tabs)));
  placed.set(key, { tabs: keys.tabs, cards: keys.cards });
  for (const parameter of Array.isArray(wire.parameters) ? (wire.parameters as unknown[]) : [])
    if (isObject(parameter) && typeof parameter.slug === 'string' && typeof parameter.id === 'string')
      registry.noteFilter(key, parameter.slug, parameter.id);
  return keys;
}
