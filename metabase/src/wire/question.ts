import { asObject, asText, optionalNumber, optionalText } from '../api/answer';
import { isEmpty, isObject, type Json, type JsonObject } from '../content/json';
import type { Display, Question } from '../content/question';
import { queryFromWire, queryToWire } from './query';
import type { ToIds, ToNames } from './references';

/** A question as POST and PUT /api/card take it. */
export function questionToWire(question: Question, ids: ToIds): JsonObject {
  return {
    name: question.name,
    ...(question.description === '' ? {} : { description: question.description }),
    display: question.display,
    collection_id: ids.collection(question.collection),
    dataset_query: queryToWire(question, ids),
    visualization_settings: {
      ...question.settings,
      ...(question.columns === undefined ? {} : { column_settings: columnSettings(question.columns) }),
    },
  };
}

/** `total` → the key `["name","total"]`, as text. */
export function columnKey(name: string): string {
  return JSON.stringify(['name', name]);
}

function columnSettings(columns: Readonly<Record<string, JsonObject>>): JsonObject {
  return Object.fromEntries(Object.entries(columns).map(([name, settings]) => [columnKey(name), settings]));
}

/** The column that a key of column_settings names; undefined for the other kinds of key. */
export function columnOfKey(key: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(key);
    return Array.isArray(parsed) && parsed[0] === 'name' && typeof parsed[1] === 'string' ? parsed[1] : undefined;
  } catch {
    return undefined;
  }
}

/** What a card of GET /api/card says, as a question's file would. */
export function questionFromWire(key: string, card: JsonObject, names: ToNames): Question {
  const what = `Question "${key}"`;
  const query = queryFromWire(card.dataset_query, names, what);
  const database = names.database(query.database);
  const { columns, settings } = splitSettings(asObject(card.visualization_settings ?? {}, `${what}'s settings`));
  const collection = optionalNumber(card.collection_id);
  return normalQuestion({
    key,
    collection: (collection === undefined ? undefined : names.collection(collection)) ?? `#${collection ?? 'root'}`,
    name: asText(card.name, `${what}'s name`),
    description: optionalText(card.description) ?? '',
    display: asText(card.display, `${what}'s display`) as Display,
    ...(database === undefined ? {} : { database }),
    sql: query.sql,
    tags: query.tags,
    columns,
    settings,
  });
}

function splitSettings(settings: JsonObject): { columns: Record<string, JsonObject>; settings: JsonObject } {
  const columns: Record<string, JsonObject> = {};
  const rest: Record<string, Json> = {};
  const own = settings.column_settings;
  for (const [key, value] of Object.entries(isObject(own) ? own : {})) {
    const name = columnOfKey(key);
    if (name === undefined) rest[key] = value;
    else columns[name] = asObject(value, `settings of column ${name}`);
  }
  const others = Object.fromEntries(Object.entries(settings).filter(([key]) => key !== 'column_settings'));
  return { columns, settings: Object.keys(rest).length === 0 ? others : { ...others, column_settings: rest } };
}

/** The form in which questions are compared: without what is empty, and without the preview's own hints. */
export function normalQuestion(question: Question): Question {
  const { key, collection, name, description, display, database, sql, tags, columns, settings } = question;
  return {
    key,
    collection,
    name,
    description,
    display,
    sql,
    ...(database === undefined ? {} : { database }),
    ...(isEmpty(tags) ? {} : { tags }),
    ...(isEmpty(columns) ? {} : { columns }),
    ...(isEmpty(settings) ? {} : { settings }),
  };
}
