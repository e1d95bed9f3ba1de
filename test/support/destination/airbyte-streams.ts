import * as fc from 'fast-check';

/** A JSON token as a source writes it, and what an Avro reader has to get for it. */
export interface Token {
  readonly raw: string;
  readonly expected: Expected;
}

/** The value behind a token, apart from how Avro writes it: `unscaled` is the number times 10^scale of its type. */
export type Expected =
  | { readonly kind: 'null' }
  | { readonly kind: 'plain'; readonly value: boolean | number | string }
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'decimal'; readonly unscaled: bigint }
  | { readonly kind: 'bytes'; readonly hex: string }
  | { readonly kind: 'list'; readonly items: readonly Expected[] };

/** One property of a stream's JSON schema with values that are valid for it. */
export interface Property {
  readonly schema: unknown;
  readonly token: fc.Arbitrary<Token>;
}

export interface Stream {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly jsonSchema: unknown;
  readonly tokens: Readonly<Record<string, Token>>;
  /** The record's `data`, in an order of its own, with properties left out that are null. */
  readonly data: string;
}

const NULL: Token = { raw: 'null', expected: { kind: 'null' } };
const plain = (value: boolean | number | string): Expected => ({ kind: 'plain', value });

function escaped(text: string, everywhere: boolean): string {
  const json = JSON.stringify(text);
  if (!everywhere) return json;
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', ' ', '"', '\\', '\n', '\r\n', '\t', '\u0000', '\u2028', '😀', '{"a":1}', 'null', '𝒳́', '\ufeff'),
);
const text = fc
  .tuple(anyText, fc.boolean())
  .map(([value, everywhere]): Token => ({ raw: escaped(value, everywhere), expected: plain(value) }));

/** Digits of a decimal number, written the ways that JSON allows. */
function numeral(unscaled: bigint, scale: number, form: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale);
  if (form === 1) return `${sign}${BigInt(digits)}e-${scale}`;
  if (form === 2) return `${sign}${whole}.${fraction}0`;
  return scale === 0 ? sign + whole : `${sign}${whole}.${fraction}`;
}

const form = fc.integer({ min: 0, max: 2 });
const long = (min: bigint, max: bigint): fc.Arbitrary<Token> =>
  fc
    .tuple(fc.bigInt({ min, max }), form)
    .map(([value, how]): Token => ({ raw: numeral(value, 0, how), expected: { kind: 'long', value } }));
const int64 = long(-(2n ** 63n), 2n ** 63n - 1n);
const int32 = long(-(2n ** 31n), 2n ** 31n - 1n).map(({ raw, expected }): Token => ({
  raw,
  expected: plain(expected.kind === 'long' ? Number(expected.value) : 0),
}));

const decimal = (precision: number, scale: number): fc.Arbitrary<Token> =>
  fc
    .tuple(fc.bigInt({ min: 1n - 10n ** BigInt(precision), max: 10n ** BigInt(precision) - 1n }), form)
    .map(([unscaled, how]): Token => ({
      raw: numeral(unscaled, scale, how),
      expected: { kind: 'decimal', unscaled },
    }));
/** Without a declared precision: the text as it came. */
const anyNumber = fc
  .tuple(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), fc.integer({ min: 0, max: 40 }), form)
  .map(([unscaled, scale, how]) => numeral(unscaled, scale, how))
  .map((raw): Token => ({ raw, expected: plain(raw) }));
const double = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value): Token => ({ raw: Object.is(value, -0) ? '-0.0' : String(value), expected: plain(value) }));
const float = fc
  .float({ noNaN: true, noDefaultInfinity: true })
  .map((value): Token => ({ raw: Object.is(value, -0) ? '-0.0' : String(value), expected: plain(value) }));

/** JSON of any shape, its numbers beyond what a double holds: carried as the text that came. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('true', 'false', '{}', '[]', '1e400', '-0', '"\\ud800"'),
    anyNumber.map(({ raw }) => raw),
    text.map(({ raw }) => raw),
    fc.array(tie('json'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.dictionary(anyText, tie('json'), { maxKeys: 3 }).map(
      (object) =>
        `{${Object.entries(object)
          .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
          .join(',')}}`,
    ),
  ),
}));
const jsonText = json.map((raw): Token => ({ raw, expected: plain(raw) }));

const DAY = 86_400_000;
const FIRST_DAY = new Date('0001-01-01').getTime() / DAY;
const LAST_DAY = new Date('9999-12-31').getTime() / DAY;
const day = fc.integer({ min: FIRST_DAY, max: LAST_DAY });
const micro = fc.integer({ min: 0, max: 86_399_999_999 });
const dayText = (days: number): string => new Date(days * DAY).toISOString().slice(0, 10);
function clockText(micros: number): string {
  const seconds = new Date(Math.floor(micros / 1_000_000) * 1000).toISOString().slice(11, 19);
  const fraction = micros % 1_000_000;
  return fraction === 0 ? seconds : `${seconds}.${String(fraction).padStart(6, '0')}`;
}
const quoted = (value: string): string => JSON.stringify(value);
const date = day.map((days): Token => ({ raw: quoted(dayText(days)), expected: plain(days) }));
const time = micro.map((micros): Token => ({
  raw: quoted(clockText(micros)),
  expected: { kind: 'long', value: BigInt(micros) },
}));
const timetz = fc
  .tuple(micro, fc.constantFrom('Z', '+00:00', '-08:30', '+14:00'))
  .map(([micros, offset]) => clockText(micros) + offset)
  .map((value): Token => ({ raw: quoted(value), expected: plain(value) }));
const timestamp = (ending: '' | 'Z'): fc.Arbitrary<Token> =>
  fc.tuple(day, micro).map(([days, micros]): Token => ({
    raw: quoted(`${dayText(days)}T${clockText(micros)}${ending}`),
    expected: { kind: 'long', value: BigInt(days) * 86_400_000_000n + BigInt(micros) },
  }));
const uuid = fc.uuid().map((value): Token => ({ raw: quoted(value), expected: plain(value) }));
const bytes = fc.uint8Array({ maxLength: 40 }).map((value): Token => ({
  raw: quoted(Buffer.from(value).toString('base64')),
  expected: { kind: 'bytes', hex: Buffer.from(value).toString('hex') },
}));
const boolean = fc.boolean().map((value): Token => ({ raw: String(value), expected: plain(value) }));

type Schema = Readonly<Record<string, unknown>>;
const scalar = (schema: Schema, token: fc.Arbitrary<Token>): fc.Arbitrary<Property & { readonly schema: Schema }> =>
  fc.constant({ schema, token });

/** Everything that becomes an Avro type of its own. */
const scalarProperty = fc.oneof(
  scalar({ type: 'boolean' }, boolean),
  scalar({ type: 'integer' }, int64),
  scalar({ type: 'integer', airbyte_type: 'integer', format: 'int64' }, int64),
  scalar({ type: 'integer', format: 'int32' }, int32),
  scalar({ type: 'integer', format: 'int16' }, int32),
  scalar({ type: 'integer', minimum: -2147483648, maximum: 2147483647 }, int32),
  scalar({ type: 'number', airbyte_type: 'integer' }, int64),
  scalar({ type: 'number' }, anyNumber),
  scalar({ type: ['integer', 'number'] }, anyNumber),
  scalar({ type: 'number', format: 'double' }, double),
  scalar({ type: 'number', format: 'float' }, float),
  fc
    .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 30 }))
    .filter(([precision, scale]) => scale <= precision)
    .map(([precision, scale]) => ({ schema: { type: 'number', precision, scale }, token: decimal(precision, scale) })),
  scalar({ type: 'string' }, text),
  scalar({ type: 'string', format: 'email', maxLength: 3, pattern: '^never$' }, text),
  scalar({ type: 'string', format: 'uuid' }, uuid),
  scalar({ type: 'string', format: 'date' }, date),
  scalar({ type: 'string', format: 'date-time' }, timestamp('Z')),
  scalar({ type: 'string', format: 'date-time', airbyte_type: 'timestamp_with_timezone' }, timestamp('Z')),
  scalar({ type: 'string', format: 'date-time', airbyte_type: 'timestamp_without_timezone' }, timestamp('')),
  scalar({ type: 'string', format: 'time', airbyte_type: 'time_without_timezone' }, time),
  scalar({ type: 'string', format: 'time', airbyte_type: 'time_with_timezone' }, timetz),
  scalar({ type: 'string', contentEncoding: 'base64' }, bytes),
);

/** Everything that has no single exact type. */
const jsonProperty: fc.Arbitrary<Property> = fc
  .constantFrom<unknown>(
    {},
    true,
    { type: 'object' },
    { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'object', properties: {} } } },
    { type: 'array' },
    { type: 'array', items: {} },
    { type: 'array', items: [{ type: 'string' }, { type: 'number' }] },
    { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
    { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
    { type: ['string', 'integer', 'object'] },
    { type: [] },
    { type: 'null' },
    { type: 'invented' },
    { oneOf: [{ type: 'string' }, { type: 'integer' }] },
    { anyOf: [{ type: 'object' }, { type: 'array' }, { type: 'null' }] },
    { allOf: [{ type: 'string' }] },
    { enum: ['a', 1, null] },
    { const: 1 },
    { $ref: '#/definitions/self' },
    { not: {} },
  )
  .map((schema) => ({ schema, token: jsonText }));

const nullable = fc
  .tuple(scalarProperty, fc.constantFrom('not', 'list', 'oneOf', 'anyOf'))
  .map(([{ schema, token }, how]): Property => {
    const either = fc.oneof({ weight: 4, arbitrary: token }, { weight: 1, arbitrary: fc.constant(NULL) });
    switch (how) {
      case 'list':
        return { schema: { ...schema, type: ['null', ...[schema.type].flat()] }, token: either };
      case 'not':
        return { schema, token };
      default:
        return { schema: { [how]: [{ type: 'null' }, schema] }, token: either };
    }
  });
const list = nullable.map(({ schema, token }): Property => ({
  schema: { type: ['null', 'array'], items: schema },
  token: fc.array(token, { maxLength: 4 }).map((items): Token => ({
    raw: `[${items.map(({ raw }) => raw).join(',')}]`,
    expected: { kind: 'list', items: items.map(({ expected }) => expected) },
  })),
}));

const property: fc.Arbitrary<Property> = fc.oneof(
  { weight: 6, arbitrary: nullable },
  { weight: 2, arbitrary: list },
  { weight: 2, arbitrary: jsonProperty },
);

/** Names that meet after sanitising, are reserved somewhere, or are written in other alphabets. */
const name = fc.oneof(
  fc.constantFrom(
    ...['a-b', 'a_b', 'a b', 'a.b', 'A_b', 'á_b', '1st', '', ' ', '用户', '사용자', 'имя', 'Größe', 'naïve', '😀'],
    ...[
      'null',
      'record',
      'string',
      'union',
      'int',
      'error',
      'class',
      'constructor',
      '__proto__',
      'prototype',
      'default',
    ],
    ...[
      'select',
      'order',
      'hasOwnProperty',
      'toString',
      'isValid',
      '_airbyte_meta',
      '_airbyte_extracted_at',
      '"',
      '\\',
    ],
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
);

/** Any stream that an Airbyte source may announce, with one record that is valid for it. */
export const stream: fc.Arbitrary<Stream> = fc
  .tuple(
    name.filter((value) => value !== ''),
    fc.option(name, { nil: undefined }),
    fc.uniqueArray(fc.tuple(name, property), { selector: ([key]) => key, maxLength: 12 }),
  )
  .chain(([streamName, namespace, properties]) =>
    fc
      .tuple(
        fc.tuple(...properties.map(([, { token }]) => token)),
        fc.shuffledSubarray([...properties.keys()], { minLength: properties.length }),
        fc.boolean(),
      )
      .map(([tokens, order, leaveNullsOut]): Stream => {
        const members = order.flatMap((index) => {
          const raw = tokens[index]?.raw ?? 'null';
          return raw === 'null' && leaveNullsOut ? [] : [`${JSON.stringify(properties[index]?.[0])}:${raw}`];
        });
        return {
          name: streamName,
          namespace,
          jsonSchema: {
            type: 'object',
            properties: Object.fromEntries(properties.map(([key, { schema }]) => [key, schema])),
          },
          tokens: Object.fromEntries(properties.map(([key], index) => [key, tokens[index] ?? NULL])),
          data: `{${members.join(',')}}`,
        };
      }),
  );
