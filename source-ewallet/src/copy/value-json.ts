import { parseArrayText, type ArrayText } from './array-text';
import type { ColumnType } from '@ewallet/postgres';

/** A value's JSON text, and whether it, or an element of it, had to become null: NaN and the infinities. */
export interface ValueJson {
  readonly json: string;
  readonly isNulled: boolean;
}

/**
 * One value as JSON, from PostgreSQL's own text of it (DateStyle ISO, TimeZone UTC, IntervalStyle postgres). This is what
 * the byte-level transform does for a whole column, written plainly: it serves array elements, and the tests as a check
 * on the transform.
 */
export function valueJson(text: string, type: ColumnType): ValueJson {
  switch (type.kind) {
    case 'int32':
    case 'int64':
      return exactly(text);
    case 'numeric':
    case 'float32':
    case 'float64':
      if (text === 'NaN') return nulled;
      return text.endsWith('Infinity') ? nulled : exactly(text);
    case 'boolean':
      return exactly(text === 't' || text === 'true' ? 'true' : 'false');
    case 'char':
      // pgoutput gives arrays with the padding; spaces alone are padding, as in PostgreSQL's cast to text.
      return exactly(JSON.stringify(text.replace(/ +$/, '')));
    case 'text':
    case 'uuid':
      return exactly(JSON.stringify(text));
    case 'json':
      // Line breaks stand only between a json's tokens, and would end the message's line.
      return exactly(text.replace(/[\n\r\t]/g, ' '));
    case 'bytea':
      return exactly(`"${Buffer.from(text.slice(2), 'hex').toString('base64')}"`);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return text.endsWith('infinity') ? nulled : exactly(`"${isoTime(text, type.kind)}"`);
    case 'time':
    case 'timetz':
      return exactly(`"${isoTime(text, type.kind)}"`);
    case 'array':
      return arrayJson(parseArrayText(text, type.delimiter), type.element);
  }
}

function arrayJson(items: readonly ArrayText[], element: ColumnType): ValueJson {
  const values = items.map((item) => {
    if (item === null) return exactly('null');
    return typeof item === 'string' ? valueJson(item, element) : arrayJson(item, element);
  });
  return { json: `[${values.map(({ json }) => json).join(',')}]`, isNulled: values.some(({ isNulled }) => isNulled) };
}

const nulled: ValueJson = { json: 'null', isNulled: true };

function exactly(json: string): ValueJson {
  return { json, isNulled: false };
}

/**
 * `2026-01-02 03:04:05.6+00` as `2026-01-02T03:04:05.600000Z`: always six digits, so that texts sort as the times do. A
 * time with zone keeps its offset, written in full. Years before Christ keep PostgreSQL's (and Airbyte's) ` BC`.
 */
function isoTime(text: string, kind: 'date' | 'timestamp' | 'timestamptz' | 'time' | 'timetz'): string {
  if (kind === 'date') return text;
  const match = /^(?:(\d+-\d\d-\d\d) )?(\d\d:\d\d:\d\d)(?:\.(\d+))?([+-][\d:]+)?( BC)?$/.exec(text);
  if (match === null) throw new SyntaxError(`a ${kind} in a form that is not ISO`);
  const [, date, time = '', fraction = '', offset = '', era = ''] = match;
  const day = date === undefined ? '' : `${date}T`;
  const zone = kind === 'timestamptz' ? 'Z' : offset.length === 3 ? `${offset}:00` : offset;
  return `${day}${time}.${fraction.padEnd(6, '0')}${zone}${era}`;
}
