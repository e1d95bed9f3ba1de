import { Failure } from '@ewallet/failure';
import { quoteIdentifier } from '@ewallet/postgres';
import type { Json } from '../content/json';
import { columnText, type FieldTag, type Question, type Tag } from '../content/question';
import { dayRange } from './dateRange';
import { parseTemplate, type Part } from '../content/template';

/** SQL with `$1 …`, and their values. */
export interface BoundQuery {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/**
 * The SQL that Metabase would run for a question with these values, by tag. An absent value is an empty filter; the
 * tag's default stands in only for a required tag, as in Metabase. The tests compare the conditions with PostgreSQL's
 * own answers.
 */
export function bindQuestion(question: Question, values: Readonly<Record<string, Json>>, today: string): BoundQuery {
  const parameters: (string | number)[] = [];
  const place = (value: string | number): string => `$${parameters.push(value)}`;

  const valueOf = (name: string): Json | undefined => {
    const tag = question.tags?.[name];
    const value = values[name];
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)) return value;
    return tag?.required === true || (tag !== undefined && tag.kind !== 'field') ? tag.default : undefined;
  };
  const render = (part: Part): string => {
    switch (part.kind) {
      case 'sql':
        return part.text;
      case 'optional':
        return part.parts.every((inner) => inner.kind !== 'tag' || valueOf(inner.name) !== undefined)
          ? part.parts.map(render).join('')
          : '';
      case 'tag': {
        const tag = question.tags?.[part.name];
        if (tag === undefined)
          throw Failure.config(`Question "${question.key}": the SQL names {{${part.name}}}, which is not under tags.`);
        return renderTag(question, tag, { name: part.name, value: valueOf(part.name), today, place });
      }
    }
  };
  const text = parseTemplate(question.sql.join('\n')).map(render).join('');
  return { text, values: parameters };
}

/** A tag with what it is replaced by. */
interface BoundTag {
  readonly name: string;
  readonly value: Json | undefined;
  readonly today: string;
  readonly place: (value: string | number) => string;
}

function renderTag(question: Question, tag: Tag, { name, value, today, place }: BoundTag): string {
  if (tag.kind !== 'field') {
    if (value === undefined) throw Failure.config(`Question "${question.key}": {{${name}}} has no value.`);
    const [single] = scalars(value);
    if (single === undefined) throw Failure.config(`Question "${question.key}": {{${name}}} takes one plain value.`);
    return place(single);
  }
  // An empty field filter outside of [[ ]] is true in Metabase.
  if (value === undefined) return '1 = 1';
  return fieldCondition(question, tag, { value, today, place });
}

function fieldCondition(
  question: Question,
  tag: FieldTag,
  { value, today, place }: Pick<BoundTag, 'today' | 'place'> & { readonly value: Json },
): string {
  const column = [tag.column.schema, tag.column.table, tag.column.column].map(quoteIdentifier).join('.');
  const items = scalars(value);
  const [first] = items;
  const wrong = Failure.config(
    `Question "${question.key}": ${JSON.stringify(value)} is no value of ${tag.widget} on ${columnText(tag.column)}.`,
  );
  if (first === undefined) throw wrong;
  switch (tag.widget) {
    case 'date/all-options':
    case 'date/range':
    case 'date/single': {
      const range = dayRange(String(first), today);
      if (range === undefined) throw wrong;
      const bounds = [
        ...(range.from === undefined ? [] : [`${column} >= ${place(range.from)}::date`]),
        ...(range.before === undefined ? [] : [`${column} < ${place(range.before)}::date`]),
      ];
      return `(${bounds.join(' and ')})`;
    }
    case 'string/contains':
      return `${column} ilike '%' || ${place(String(first))} || '%'`;
    case 'number/between': {
      const last = items[1];
      if (last === undefined) throw wrong;
      return `${column} between ${place(first)} and ${place(last)}`;
    }
    case 'string/=':
    case 'number/=':
    case 'category':
      return `${column} in (${items.map(place).join(', ')})`;
  }
}

function scalars(value: Json): (string | number)[] {
  const items: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return items.flatMap((item) => (typeof item === 'string' || typeof item === 'number' ? [item] : []));
}
