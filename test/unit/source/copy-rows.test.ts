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
