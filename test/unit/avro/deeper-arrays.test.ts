import { hasDeeperArrays, metaWithDeeperArrays, takeDeeperArrays } from '@ewallet/avro';
import * as fc from 'fast-check';

const SOURCE = '{"field":"other","change":"NULLED","reason":"SOURCE_SERIALIZATION_ERROR"}';
const metaOf =
  (before: readonly string[], behind: string) =>
  (entries: readonly string[]): string =>
    `{"sync_id":7,"changes":[${[...before, ...entries].join(',')}]${behind}}`;

const names = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', '"', '\\', '}', '{"deeper_arrays":{', '1'),
);
const texts = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('[[1e400,0.10]]', '"}', '\\"', '[["}\\\\"]]'),
);

test('whatever the columns are called and hold, the metadata gives it back, and is then as it would be without', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(names, texts), { minLength: 1, maxLength: 4 }),
      fc.constantFrom([], [SOURCE]),
      fc.constantFrom('', ',"additional_properties":{"a":1.10,"b":"{\\"deeper_arrays\\":{"}'),
      (members, before, behind) => {
        const arrays = new Map(members);
        const meta = Buffer.from(metaWithDeeperArrays(arrays, metaOf(before, behind)));
        const framed = Buffer.concat([Buffer.from('x'), meta, Buffer.from('y')]);
        expect(hasDeeperArrays(framed, 1, 1 + meta.length)).toBe(true);
        expect(JSON.parse(String(meta))).toMatchObject({ sync_id: 7 });
        const taken = takeDeeperArrays(meta);
        expect(new Map(taken.arrays)).toEqual(arrays);
        expect(taken.meta).toBe(metaOf(before, behind)([]));
      },
    ),
    { numRuns: 500 },
  );
});

test('metadata without arrays is left as it is', () => {
  const meta = metaWithDeeperArrays(new Map(), metaOf([SOURCE], ''));
  expect(meta).toBe(`{"sync_id":7,"changes":[${SOURCE}]}`);
  expect(hasDeeperArrays(Buffer.from(meta), 0, meta.length)).toBe(false);
  expect(hasDeeperArrays(Buffer.from('{"deeper_arrays":{'), 0, 5)).toBe(false);
});

test.each([
  '{"deeper_arrays":{"a":[1]},"changes":[]}',
  '{"deeper_arrays":{"a"',
  '{"deeper_arrays":{"a" "b"},"changes":[]}',
])('what another producer writes there (%s) is refused, not guessed', (meta) => {
  expect(() => takeDeeperArrays(Buffer.from(meta))).toThrow(
    new RangeError('its _airbyte_meta starts with deeper_arrays that are no texts by column'),
  );
});
