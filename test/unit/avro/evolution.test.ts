import { incompatibleColumns, mapStream } from '@ewallet/avro';

const schemaOf = (properties: Record<string, unknown>): unknown =>
  mapStream({ name: 's', jsonSchema: { properties } }).valueSchema;

const refused: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>, string])[] = [
  [
    'another scale',
    { a: { type: 'number', precision: 10, scale: 2 } },
    { a: { type: 'number', precision: 10, scale: 3 } },
    "decimal(10,2) became decimal(10,3): a reader that holds one schema would shift the decimal point of the other's amounts",
  ],
  [
    'a timestamp that loses its zone',
    { a: { type: 'string', format: 'date-time' } },
    { a: { type: 'string', format: 'date-time', airbyte_type: 'timestamp_without_timezone' } },
    'timestamptz became timestamp, which Avro writes with the same bytes',
  ],
  [
    'text that becomes JSON',
    { a: { type: 'string' } },
    { a: { type: 'object' } },
    'text became json, which Avro writes with the same bytes',
  ],
  [
    'another scale inside an array',
    { a: { type: 'array', items: { type: 'number', precision: 5, scale: 1 } } },
    { a: { type: 'array', items: { type: 'number', precision: 5, scale: 2 } } },
    "array of decimal(5,1) became array of decimal(5,2): a reader that holds one schema would shift the decimal point of the other's amounts",
  ],
];

test.each(refused)('%s is refused with its reason', (_, before, after, reason) => {
  expect(incompatibleColumns(schemaOf(before), schemaOf(after))).toEqual([{ column: 'a', reason }]);
});

test('a field that would stand for another column than before is refused', () => {
  const integer = { type: 'integer' };
  expect(incompatibleColumns(schemaOf({ 'a-b': integer }), schemaOf({ 'a-b': integer, a_b: integer }))).toEqual([
    {
      column: 'a_b',
      reason: `its field a_b held column "a-b" so far; the two names differ only in what Avro's alphabet lacks`,
    },
  ]);
});

test('columns that come, go, widen or move pass', () => {
  const before = { id: { type: 'integer', format: 'int32' }, a: { type: 'number', precision: 5, scale: 2 }, gone: {} };
  const after = { a: { type: ['null', 'number'], precision: 9, scale: 2 }, id: { type: 'integer' }, more: {} };
  expect(incompatibleColumns(schemaOf(before), schemaOf(after))).toEqual([]);
});
