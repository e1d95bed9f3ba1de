import type { ColumnType } from '@ewallet/postgres';

type ArrayType = Extract<ColumnType, { kind: 'array' }>;

/** PostgreSQL allows no deeper array. */
const MOST_DIMENSIONS = 6;

/**
 * SQL that gives an array column as the jsonb that it lands as. Arrays of one declared dimension travel as Avro arrays,
 * whose elements are Avro values (a date is days, a decimal its text); deeper ones, declared or not, and arrays of JSON
 * travel as the source's JSON text.
 */
export function landedArray(name: string, type: ArrayType): string {
  const { element } = type;
  if (['int32', 'int64', 'boolean'].includes(element.kind)) return `to_jsonb(${name})`;
  const flat = type.dimensions > 1 || element.kind === 'json' ? jsonElement : avroElement;
  return nested(name, element, flat);
}

/** An array may hold any number of dimensions, whatever its column declares: PostgreSQL does not enforce it. */
function nested(name: string, element: ColumnType, flat: typeof jsonElement): string {
  const whens = Array.from({ length: MOST_DIMENSIONS }, (_, index) => {
    const item = index === 0 ? flat : jsonElement;
    return `when ${index + 1} then ${level(name, (sql) => item(sql, element), 1, index + 1)}`;
  });
  return unlessEmpty(name, `case array_ndims(${name}) ${whens.join(' ')} end`);
}

function unlessEmpty(name: string, json: string): string {
  return `case when cardinality(${name}) = 0 then '[]'::jsonb else ${json} end`;
}

/** By subscripts, not by unnest, which takes composite elements apart. */
function level(name: string, json: (item: string) => string, depth: number, dimensions: number): string {
  const item = `(${name})${Array.from({ length: depth }, (_, index) => `[${subscript(index + 1)}]`).join('')}`;
  const inner = depth === dimensions ? orNull(item, json(item)) : level(name, json, depth + 1, dimensions);
  return `(select jsonb_agg(${inner} order by ${subscript(depth)}) from generate_subscripts(${name}, ${depth}) ${subscript(depth)})`;
}

/** A name that no column is likely to have, as the expression stands among the table's own columns. */
function subscript(depth: number): string {
  return `"~${depth}"`;
}

/** `is not distinct from`: a row of nulls `is null` without being one. */
function orNull(item: string, json: string): string {
  return `case when ${item} is not distinct from null then 'null'::jsonb else ${json} end`;
}

function avroElement(item: string, type: ColumnType): string {
  switch (type.kind) {
    case 'numeric':
      return unless(`${item} in ('NaN', 'Infinity', '-Infinity')`, `to_jsonb(${item}::text)`);
    case 'float32':
      return unless(notFinite(item), `to_jsonb(${item}::float8)`);
    case 'date':
      return unless(`not isfinite(${item})`, `to_jsonb(${item} - date '1970-01-01')`);
    case 'timestamp':
    case 'timestamptz':
      return unless(`not isfinite(${item})`, `to_jsonb((extract(epoch from ${item}) * 1000000)::bigint)`);
    case 'time':
      return `to_jsonb((extract(epoch from ${item}) * 1000000)::bigint)`;
    default:
      return jsonElement(item, type);
  }
}

function jsonElement(item: string, type: ColumnType): string {
  switch (type.kind) {
    case 'int32':
    case 'int64':
    case 'boolean':
      return `to_jsonb(${item})`;
    case 'json':
      return `${item}::jsonb`;
    case 'numeric':
      return unless(`${item} in ('NaN', 'Infinity', '-Infinity')`, `to_jsonb(${item})`);
    case 'float32':
    case 'float64':
      return unless(notFinite(item), `to_jsonb(${item})`);
    case 'bytea':
      return `to_jsonb(translate(encode(${item}, 'base64'), E'\\n', ''))`;
    case 'date':
      return unless(`not isfinite(${item})`, `to_jsonb(${item}::text)`);
    case 'timestamp':
      return unless(`not isfinite(${item})`, isoTime(item, `''`));
    case 'timestamptz':
      return unless(`not isfinite(${item})`, isoTime(item, `'Z'`));
    case 'time':
      return isoTime(item, `''`);
    case 'timetz':
      return isoTime(item, `case when length("~m"[4]) = 3 then "~m"[4] || ':00' else "~m"[4] end`);
    case 'char':
      return `to_jsonb(${item}::text)`;
    case 'text':
    case 'uuid':
    case 'array':
      // format gives the type's own text, which a cast to text is not for every type (inet).
      return `to_jsonb(format('%s', ${item}))`;
    default:
      return type satisfies never;
  }
}

function unless(condition: string, json: string): string {
  return `case when ${condition} then 'null'::jsonb else ${json} end`;
}

function notFinite(item: string): string {
  return `${item} in ('NaN', 'Infinity', '-Infinity')`;
}

/** `2026-01-02T03:04:05.600000Z`, the source's form of a time in JSON: always six digits. */
function isoTime(item: string, zone: string): string {
  const parts = String.raw`regexp_match(${item}::text, '^(?:(\d+-\d\d-\d\d) )?(\d\d:\d\d:\d\d)(?:\.(\d+))?([+-][\d:]+)?( BC)?$')`;
  return (
    `(select to_jsonb(coalesce("~m"[1] || 'T', '') || "~m"[2] || '.' || rpad(coalesce("~m"[3], ''), 6, '0') || ${zone} ` +
    `|| coalesce("~m"[5], '')) from (select ${parts} as "~m") parts)`
  );
}
