import fc from 'fast-check';
import { parseArrayText } from '../../../source-ewallet/src/copy/array-text';
import { recordEncoder } from '../../../source-ewallet/src/copy/record-encoder';

test('array text is taken apart: quotes, escapes, NULL and "NULL", bounds, other delimiters, depth', () => {
  expect(parseArrayText('{a,"b,\\"c\\\\",NULL,"NULL",""}', ',')).toEqual(['a', 'b,"c\\', null, 'NULL', '']);
  expect(parseArrayText('[0:1]={7,8}', ',')).toEqual(['7', '8']);
  expect(parseArrayText('{(3,4),(1,2);(7,8),(5,6)}', ';')).toEqual(['(3,4),(1,2)', '(7,8),(5,6)']);
  expect(parseArrayText('{{1,2},{3,NULL}}', ',')).toEqual([
    ['1', '2'],
    ['3', null],
  ]);
});

test('a row of COPY text becomes one RECORD line, its escapes JSON’s', () => {
  const columns = [
    { name: 'id', type: { kind: 'int64' as const } },
    { name: 'te"xt', type: { kind: 'text' as const } },
    { name: 'at', type: { kind: 'timestamptz' as const } },
    { name: 'x', type: { kind: 'float64' as const } },
  ];
  const encoder = recordEncoder({ name: 's', namespace: 'n' }, columns);
  const row = Buffer.from('9007199254740993\ta"b\\\\c\\td\\ve\u0001\t2026-01-02 03:04:05.6+00\tNaN\n');
  expect(encoder.encode(row, 0, row.length, 5)).toBeUndefined();
  expect(Buffer.from(encoder.flush() ?? []).toString()).toBe(
    '{"type":"RECORD","record":{"namespace":"n","stream":"s","data":{"id":9007199254740993,' +
      '"te\\"xt":"a\\"b\\\\c\\td\\u000be\\u0001","at":"2026-01-02T03:04:05.600000Z","x":null},"emitted_at":5,' +
      '"meta":{"changes":[{"field":"x","change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}]}}}\n',
  );
});

/** A time as PostgreSQL writes it to a session in UTC, and what the record has for it. */
const times = fc
  .record({
    year: fc.oneof(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 10_000, max: 294_276 })),
    fraction: fc.option(fc.stringMatching(/^[0-9]{0,5}[1-9]$/), { nil: undefined }),
    isBc: fc.boolean(),
    special: fc.option(fc.constantFrom('infinity', '-infinity'), { nil: undefined, freq: 5 }),
  })
  .map(({ year, fraction, isBc, special }) => {
    if (special !== undefined) return { text: special, value: null };
    const day = `${String(year).padStart(4, '0')}-03-02`;
    const era = isBc ? ' BC' : '';
    const text = `${day} 17:00:13${fraction === undefined ? '' : `.${fraction}`}+00${era}`;
    return { text, value: `${day}T17:00:13.${(fraction ?? '').padEnd(6, '0')}Z${era}` };
  });

// What the next column may have where a longer time would have its digits, sign and end.
const neighbours = fc.oneof(
  fc.stringMatching(/^[0-9+:. -]{0,24}$/),
  fc.constantFrom('a+bc', '0+00', '00+00', 'abcdefghi.abcd00+zz'),
);

test('a time of any length is what PostgreSQL wrote, whatever the next column has', () => {
  const columns = [
    { name: 'at', type: { kind: 'timestamptz' as const } },
    { name: 'more', type: { kind: 'text' as const } },
    { name: 'last', type: { kind: 'text' as const } },
  ];
  fc.assert(
    fc.property(fc.array(fc.tuple(times, neighbours, neighbours), { minLength: 1, maxLength: 20 }), (rows) => {
      const encoder = recordEncoder({ name: 's' }, columns);
      for (const [{ text }, more, last] of rows) {
        const row = Buffer.from(`${text}\t${more}\t${last}\n`);
        encoder.encode(row, 0, row.length, 5);
      }
      const lines = Buffer.from(encoder.flush() ?? []).toString();
      const records = lines.trimEnd().split('\n');
      expect(records.map((line) => (JSON.parse(line) as { record: { data: unknown } }).record.data)).toEqual(
        rows.map(([{ value }, more, last]) => ({ at: value, more, last })),
      );
    }),
  );
});

test('a column of any name is the record’s member', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 63 }), { minLength: 1 }),
      (names) => {
        const encoder = recordEncoder(
          { name: 's' },
          names.map((name) => ({ name, type: { kind: 'int32' as const } })),
        );
        const row = Buffer.from(`${names.map((_, index) => index).join('\t')}\n`);
        encoder.encode(row, 0, row.length, 5);
        const line = JSON.parse(Buffer.from(encoder.flush() ?? []).toString()) as { record: { data: object } };
        expect(Object.entries(line.record.data).sort(([, a], [, b]) => Number(a) - Number(b))).toEqual(
          names.map((name, index) => [name, index]),
        );
      },
    ),
  );
});
