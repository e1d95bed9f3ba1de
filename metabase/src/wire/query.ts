import { Failure } from '@ewallet/failure';
import { asNumber, asObject, asText, optionalText } from '../api/answer';
import { isObject, type Json, type JsonObject } from '../content/json';
import type { FieldTag, Question, Tag, Widget } from '../content/question';
import { tagId } from './ids';
import type { ToIds, ToNames } from './references';

/** A native query in the old form, which every release to v63 takes. */
export function queryToWire(question: Question, ids: ToIds): JsonObject {
  const tags = Object.entries(question.tags ?? {}).map(([name, tag]): [string, Json] => [
    name,
    tagToWire(question.key, name, tag, ids),
  ]);
  return {
    type: 'native',
    database: ids.database(question.database),
    native: { query: question.sql.join('\n'), 'template-tags': Object.fromEntries(tags) },
  };
}

function tagToWire(question: string, name: string, tag: Tag, ids: ToIds): Json {
  const common = {
    id: tagId(question, name),
    name,
    'display-name': tag.label,
    ...(tag.default === undefined ? {} : { default: tag.default }),
    ...(tag.required === undefined ? {} : { required: tag.required }),
  };
  if (tag.kind !== 'field') return { ...common, type: tag.kind };
  return { ...common, type: 'dimension', dimension: ['field', ids.field(tag.column), null], 'widget-type': tag.widget };
}

/** What a native query says, whichever form the release reads it back in. */
export interface ReadQuery {
  readonly database: number;
  readonly sql: readonly string[];
  readonly tags: Readonly<Record<string, Tag>>;
}

/**
 * Reads the old form, MBQL 5 (v57+, `stages`), a tag's dimension in both orders (v61+) and tags as a list (v63).
 * @throws Failure where the query is none of them, or is empty.
 */
export function queryFromWire(value: Json | undefined, names: ToNames, what: string): ReadQuery {
  const query = asObject(value, `${what}'s query`);
  const stage = nativeStage(query, what);
  const sql = optionalText(stage.sql);
  if (sql === undefined) throw Failure.system(`${what}: Metabase reads the query back empty.`);
  const tags: Record<string, Tag> = {};
  for (const [name, tag] of tagsOf(stage.tags, what)) tags[name] = tagFromWire(tag, names, `${what}, tag ${name}`);
  return { database: asNumber(query.database, `${what}'s database`), sql: sql.split('\n'), tags };
}

function nativeStage(query: JsonObject, what: string): { sql: Json | undefined; tags: Json | undefined } {
  if (query.type === 'native' && isObject(query.native)) {
    const native = asObject(query.native, `${what}'s query`);
    return { sql: native.query, tags: native['template-tags'] };
  }
  const stages = query.stages;
  const first: unknown = Array.isArray(stages) ? stages[0] : undefined;
  if (isObject(first) && first['lib/type'] === 'mbql.stage/native') {
    const native = asObject(first, `${what}'s query`);
    return { sql: native.native, tags: native['template-tags'] };
  }
  throw Failure.config(
    `${what} is not written in SQL but in Metabase's query builder; convert it to SQL there, or move it out of the collection.`,
  );
}

/** By name (to v62) or as a list (v63). */
function tagsOf(value: Json | undefined, what: string): [string, JsonObject][] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value))
    return value.map((item: unknown) => {
      const tag = asObject(item, `a tag of ${what}`);
      return [asText(tag.name, `a tag's name in ${what}`), tag];
    });
  return Object.entries(asObject(value, `the tags of ${what}`)).map(([name, tag]) => [
    name,
    asObject(tag, `tag ${name} of ${what}`),
  ]);
}

function tagFromWire(tag: JsonObject, names: ToNames, what: string): Tag {
  const more = {
    label: asText(tag['display-name'], `${what}: its label`),
    ...(tag.default === undefined || tag.default === null ? {} : { default: tag.default }),
    ...(tag.required === true ? { required: true } : {}),
  };
  const kind = tag.type;
  if (kind === 'text' || kind === 'number' || kind === 'date') return { kind, ...more };
  if (kind !== 'dimension') throw Failure.config(`${what}: tags of type ${JSON.stringify(kind)} are not supported.`);
  const id = fieldIdOf(tag.dimension, what);
  const column = names.field(id);
  if (column === undefined)
    throw Failure.config(`${what}: field ${id} is not in the database that the content belongs to.`);
  const read: FieldTag = {
    kind: 'field',
    ...more,
    column,
    widget: asText(tag['widget-type'], `${what}: its widget`) as Widget,
  };
  return read;
}

/** `["field", id, null]` to v60, `["field", {…}, id]` from v61. */
function fieldIdOf(dimension: Json | undefined, what: string): number {
  if (Array.isArray(dimension) && dimension[0] === 'field') {
    const id: unknown = dimension.slice(1).find((item: unknown) => typeof item === 'number');
    if (typeof id === 'number') return id;
  }
  throw Failure.system(`${what}: its dimension is in no form that is known.`);
}
