import { mapStream, takeDeeperArrays } from '@ewallet/avro';
import { RecordEncoder } from '../../../destination-kafka/src/encode/record-encoder';
import { convert } from '../../../destination-kafka/src/encode/convert';

const encoder = (jsonSchema: unknown, unfitValues: 'null' | 'unfit_record'): RecordEncoder =>
  new RecordEncoder(mapStream({ name: 's', jsonSchema }), { syncId: undefined, generationId: 0n, unfitValues });

const line = (data: string): string => `{"type":"RECORD","record":{"stream":"s","data":${data},"emitted_at":1}}`;

const unfit: readonly (readonly [string, unknown, string])[] = [
  ['an integer above 64 bits', { type: 'integer' }, '9223372036854775808'],
  ['a fraction in an integer', { type: 'integer' }, '1.5'],
  ['an integer above its 32 bits', { type: 'integer', format: 'int32' }, '2147483648'],
  ['a digit beyond the scale', { type: 'number', precision: 10, scale: 2 }, '1.005'],
  ['a digit beyond the precision', { type: 'number', precision: 4, scale: 2 }, '100.00'],
  ['a word in a number', { type: 'number' }, '"lots"'],
  ['a number too large for a double', { type: 'number', format: 'double' }, '1e400'],
  ['half a character, which UTF-8 cannot write', { type: 'string' }, '"\\ud800"'],
  ['a text that is no uuid', { type: 'string', format: 'uuid' }, '"x"'],
  ['a day that does not exist', { type: 'string', format: 'date' }, '"2023-02-29"'],
  ['a time that is none', { type: 'string', format: 'date-time' }, '"yesterday"'],
  ['a text that is no base64', { type: 'string', contentEncoding: 'base64' }, '"!"'],
  ['a word where a boolean belongs', { type: 'boolean' }, '"true"'],
  ['one element that does not fit its array', { type: 'array', items: { type: 'integer' } }, '[1,"x"]'],
  ['an object where an array belongs', { type: 'array', items: { type: 'integer' } }, '{"0":1}'],
];

test.each(unfit)('%s becomes null and is named in the changes, or makes the record unfit', (_, schema, raw) => {
  const properties = { column: schema };
  const nulled = encoder({ properties }, 'null').encode(
    Buffer.from(line(`{"column":${raw}}`)),
    line(`{"column":${raw}}`),
  );
  expect(nulled).toMatchObject({ kind: 'encoded', nulled: ['column'], data: Buffer.from([0]) });
  expect(String((nulled as { metadata: Buffer }).metadata)).toContain(
    '{"changes":[{"field":"column","change":"NULLED","reason":"DESTINATION_TYPECAST_ERROR"}]}',
  );
  const refused = encoder({ properties }, 'unfit_record').encode(
    Buffer.from(line(`{"column":${raw}}`)),
    line(`{"column":${raw}}`),
  );
  expect(refused).toEqual({ kind: 'unfit', reason: 'A value does not fit its column: column.' });
});

const binary: readonly (readonly ['float' | 'double', string, 'fits' | 'truncated', number])[] = [
  ['double', '0.1', 'fits', 0.1],
  ['double', '1e-7', 'fits', 1e-7],
  ['double', '0.1000', 'fits', 0.1],
  ['double', '9007199254740993', 'truncated', 9007199254740992],
  ['double', '0.12345678901234567890', 'truncated', 0.12345678901234568],
  ['double', '5e-324', 'fits', 5e-324],
  ['double', '1e-400', 'truncated', 0],
  ['double', '0e5', 'fits', 0],
  ['float', '0.1', 'fits', Math.fround(0.1)],
  ['float', '3.4028235e38', 'fits', Math.fround(3.4028235e38)],
  ['float', '1.17549435e-38', 'fits', Math.fround(1.17549435e-38)],
  ['float', '0.10000000149011612', 'fits', Math.fround(0.1)],
  ['float', '93.38784790039062', 'fits', 93.387847900390625],
  ['double', '93.38784790039062', 'fits', 93.387847900390625],
  ['float', '16777217', 'truncated', 16777216],
];

test.each(binary)('a %s of %s %s, and a digit that goes is never silent', (kind, raw, outcome, value) => {
  expect(convert({ kind }, raw)).toEqual({ kind: outcome, value });
});

test('a megabyte of digits before a letter is refused as quickly as it is read', () => {
  const text = `"${'1'.repeat(1_000_000)}x"`;
  for (const kind of [
    { kind: 'decimalText' },
    { kind: 'double' },
    { kind: 'decimal', precision: 20, scale: 4 },
  ] as const) {
    expect(convert(kind, text)).toEqual({ kind: 'misfit' });
  }
});

const arrays: readonly (readonly [string, unknown, string])[] = [
  ['text', { type: 'string' }, '[["a","b"],["c",null]]'],
  ['int32', { type: 'integer', format: 'int32' }, '[[1,2],[null,4]]'],
  ['decimal', { type: 'number', precision: 20, scale: 4 }, '[[[9999999999999999.9999,0.0001]]]'],
  ['timestamptz', { type: 'string', format: 'date-time' }, '[["2026-01-02T03:04:05.600000Z"],[null]]'],
  ['bytes', { type: 'string', contentEncoding: 'base64' }, '[["3q0="]]'],
  ['text, ragged', { type: 'string' }, '[null,"x",["y",["z"]],[]]'],
];

test.each(arrays)(
  'an array of %s that is deeper than its column goes with the metadata, exactly as it was sent',
  (_, items, raw) => {
    const properties = { id: { type: 'integer' }, grid: { type: 'array', items } };
    for (const unfitValues of ['null', 'unfit_record'] as const) {
      const sent = line(`{"id":7,"grid":${raw},"more":12345678901234567890}`);
      const encoded = encoder({ properties }, unfitValues).encode(Buffer.from(sent), sent);
      expect(encoded).toMatchObject({ kind: 'encoded', nulled: [], data: Buffer.from([2, 14, 0]) });
      const { metadata } = encoded as { metadata: Buffer };
      const meta = String(metadata).slice(String(metadata).indexOf('{'), String(metadata).lastIndexOf('}') + 1);
      expect(meta).toBe(
        `{"deeper_arrays":{"grid":${JSON.stringify(raw)}},"changes":[{"field":"grid","change":"NULLED",` +
          '"reason":"DESTINATION_TYPECAST_ERROR"}],"additional_properties":{"more":12345678901234567890}}',
      );
      expect(takeDeeperArrays(Buffer.from(meta))).toEqual({
        arrays: new Map([['grid', raw]]),
        meta: '{"changes":[],"additional_properties":{"more":12345678901234567890}}',
      });
    }
  },
);

test('two records that differ in a deeper array alone have different ids', () => {
  const properties = { grid: { type: 'array', items: { type: 'integer' } } };
  const identity = (raw: string): unknown => {
    const sent = line(`{"grid":${raw}}`);
    return (encoder({ properties }, 'null').encode(Buffer.from(sent), sent) as { identity: Buffer }).identity;
  };
  expect(identity('[[1]]')).toEqual(identity('[[1]]'));
  expect(identity('[[1]]')).not.toEqual(identity('[[2]]'));
  expect(identity('[[1]]')).not.toEqual(identity('null'));
  expect(convert({ kind: 'array', items: { kind: 'text' } }, '["[a]",null,"b"]').kind).toBe('fits');
});
