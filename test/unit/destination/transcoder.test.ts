import { exactAvroType, frameHeader, mapStream } from '@ewallet/avro';
import * as fc from 'fast-check';
import { RecordEncoder } from '../../../destination-kafka/src/encode/record-encoder';
import { Transcoder } from '../../../destination-kafka/src/encode/transcoder';

const columns: Readonly<Record<string, unknown>> = {
  id: { type: 'integer' },
  small: { type: ['null', 'integer'], format: 'int32' },
  amount: { type: ['null', 'number'], precision: 20, scale: 4 },
  tiny: { type: ['null', 'number'], precision: 3, scale: 2 },
  any: { type: ['null', 'number'] },
  real: { type: ['null', 'number'], format: 'float' },
  double: { type: ['null', 'number'], format: 'double' },
  ok: { type: ['null', 'boolean'] },
  text: { type: ['null', 'string'] },
  uuid: { type: ['null', 'string'], format: 'uuid' },
  day: { type: ['null', 'string'], format: 'date' },
  at: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
  local: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_without_timezone' },
  clock: { type: ['null', 'string'], format: 'time', airbyte_type: 'time_without_timezone' },
  zoned: { type: ['null', 'string'], format: 'time', airbyte_type: 'time_with_timezone' },
  json: { type: ['null', 'object'] },
  bytes: { type: ['null', 'string'], contentEncoding: 'base64' },
  tags: { type: ['null', 'array'], items: { type: ['null', 'string'] } },
  'ünï cöde "quoted"': { type: ['null', 'integer'] },
};
const mapping = mapStream({
  name: 'all',
  namespace: 'public',
  primaryKey: [['id'], ['text']],
  jsonSchema: { properties: columns },
});
const options = { syncId: 7, generationId: 3n, unfitValues: 'null' as const };
const frames = { key: frameHeader(1), value: frameHeader(2) };

/** Raw JSON tokens a source may send, near the borders of every kind, some of them for the wrong column. */
const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,8})?([eE][+-]?[0-9]{1,2})?$/);
const borders = fc.constantFrom(
  ...['0', '-0', '-0.0', '1.0', '127', '128', '-128', '-129', '2147483647', '2147483648', '-2147483648', '-2147483649'],
  ...['999999999999999', '9007199254740993', '9223372036854775807', '9223372036854775808', '-9223372036854775808'],
  ...['9999999999999999.9999', '10000000000000000', '9.99', '9.995', '-9.99', '10.00', '99999999999.9999', '1e400'],
  ...[
    'true',
    'false',
    'null',
    '{}',
    '[]',
    '""',
    '"NaN"',
    '"Infinity"',
    '{"a":[1,{"b":"\\"}"}]}',
    '[null,"x"]',
    '[["x"]]',
  ],
  ...['"12.50"', '"\\u0000"', '"\\ud83d\\ude00"', '"\\ud800"', '"😀"', '"a\\nb"', '"\\u2028"', '"\\/"', '" "'],
  ...['"24:00:00"', '"23:59:59.999999"', '"12:00:00+07"', '"12:00"', '"00:00:60"', '"1:00:00"', '"12:00:00.1234567"'],
  ...[
    '"2024-02-29"',
    '"2023-02-29"',
    '"0001-01-01"',
    '"0000-12-31"',
    '"0044-03-15 BC"',
    '"+12024-01-01"',
    '"2024-13-01"',
  ],
  ...[
    '"2024-02-29T12:00:00Z"',
    '"2024-02-29 12:00:00.1"',
    '"2024-02-29T12:00:00+07:00"',
    '"2024-02-29T12:00:00.1234567Z"',
  ],
  ...[
    '"9999-12-31T23:59:59.999999Z"',
    '"2262-01-01T00:00:00Z"',
    '"294247-01-10T04:00:54.775807Z"',
    '"1969-12-31T23:59:59.999999Z"',
  ],
  ...[
    '"3f2504e0-4f89-11d3-9a0c-0305e82c3301"',
    '"3F2504E0-4F89-11D3-9A0C-0305E82C3301"',
    '"3f2504e04f8911d39a0c0305e82c3301"',
  ],
  ...['"AAEC"', '"AAE="', '"AA"', '"A"', '"!"'],
);
const instant = fc
  .date({ min: new Date('1800-01-01'), max: new Date('2300-01-01'), noInvalidDate: true })
  .chain((date) =>
    fc.constantFrom(
      ...['Z"', '123Z"', '+05:30"', '"'].map((end) => JSON.stringify(date.toISOString()).slice(0, -2) + end),
    ),
  );
const token = fc.oneof(
  borders,
  digits,
  instant,
  instant.map((text) => `${text.slice(0, 11)}"`),
  fc.uuid().map((uuid) => JSON.stringify(uuid)),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.json(),
);
/** Few columns per record: one value that does not fit makes the transcoder decline, and with many most would not. */
const key = fc.tuple(fc.constant('id'), fc.oneof(digits, fc.maxSafeInteger().map(String)));
const name = fc.tuple(
  fc.constant('text'),
  fc.string().map((text) => JSON.stringify(text)),
);
const others = fc.array(fc.tuple(fc.constantFrom(...Object.keys(columns)), token), { maxLength: 2 });
const record = fc
  .tuple(key, name, others)
  .chain(([id, text, more]) => fc.shuffledSubarray([id, text, ...more], { minLength: 2 + more.length }));

function slow(data: string): { key: string; value: string; data: number } | undefined {
  const line = `{"type":"RECORD","record":{"stream":"all","namespace":"public","data":${data},"emitted_at":1700000000000}}`;
  const encoded = new RecordEncoder(mapping, options).encode(Buffer.from(line), line);
  if (encoded.kind === 'unfit') return undefined;
  const value = Buffer.concat([frames.value, encoded.data, encoded.metadata]);
  const key = Buffer.concat([frames.key, encoded.key ?? Buffer.alloc(0)]);
  return { key: key.toString('hex'), value: value.toString('hex'), data: 5 + encoded.data.length };
}

test('whatever the transcoder takes, it encodes byte for byte as JSON.parse and avsc do', () => {
  const transcoder = new Transcoder(mapping, frames, options);
  let taken = 0;
  fc.assert(
    fc.property(record, (members) => {
      const data = `{${members.map(([name, raw]) => `${JSON.stringify(name)}:${raw}`).join(',')}}`;
      const source = Buffer.from(data);
      const behind = transcoder.encodeData(source, 0, source.length);
      if (behind < 0) return;
      taken += 1;
      transcoder.encodeMetadata(1_700_000_000_000);
      expect({
        behind,
        key: transcoder.key.toString('hex', 0, transcoder.keyEnd),
        value: transcoder.value.toString('hex', 0, transcoder.valueEnd),
        data: transcoder.dataEnd,
      }).toEqual({ behind: source.length, ...slow(data) });
    }),
    { numRuns: 3000 },
  );
  expect(taken).toBeGreaterThan(300);
});

test('a column at a time: the transcoder takes every value that fits, and the bytes decode to the value', () => {
  const usual: Readonly<Record<string, readonly [raw: string, decoded: unknown]>> = {
    small: ['-2147483648', -2147483648],
    amount: ['-9999999999999999.9999', '-9999999999999999.9999'],
    tiny: ['9.9', '9.90'],
    any: ['0.10', '0.10'],
    real: ['1.5', 1.5],
    double: ['1e-300', 1e-300],
    ok: ['true', true],
    text: ['"h\\u00e9 \\"😀"', 'hé "😀'],
    uuid: ['"3f2504e0-4f89-11d3-9a0c-0305e82c3301"', '3f2504e0-4f89-11d3-9a0c-0305e82c3301'],
    day: ['"1969-12-31"', -1],
    at: ['"2024-02-29T12:00:00.000001+05:30"', 1709188200000001],
    local: ['"1969-12-31T23:59:59.9"', -100000],
    clock: ['"24:00:00"', 86_400_000_000],
    zoned: ['"12:00:00+07"', '12:00:00+07'],
    json: ['{"n":12345678901234567890}', '{"n":12345678901234567890}'],
    bytes: ['"AAEC"', Buffer.from([0, 1, 2])],
    tags: ['["a",null]', ['a', null]],
  };
  const transcoder = new Transcoder(mapping, frames, options);
  const type = exactAvroType(mapping.valueSchema);
  for (const [name, [raw, decoded]] of Object.entries(usual)) {
    const source = Buffer.from(`{"id":9223372036854775807,${name === 'text' ? '' : '"text":"k",'}"${name}":${raw}}`);
    const behind = transcoder.encodeData(source, 0, source.length);
    transcoder.encodeMetadata(0);
    const taken = name === 'text' ? -1 : source.length; // a key with escapes takes the slow road
    expect({ name, behind }).toEqual({ name, behind: taken });
    if (behind < 0) continue;
    const value = type.fromBuffer(transcoder.value.subarray(5, transcoder.valueEnd)) as Record<string, unknown>;
    expect({ name, value: value[name], id: value.id }).toEqual({ name, value: decoded, id: 9223372036854775807n });
  }
});

test('broken JSON is declined, wherever it breaks', () => {
  const transcoder = new Transcoder(mapping, frames, options);
  const whole = '{"id":1,"text":"a","json":{"a":[1,"b"]},"tags":["x"],"amount":1.50,"at":"2024-02-29T12:00:00Z"}';
  for (let end = 0; end < whole.length; end += 1) {
    const source = Buffer.from(whole.slice(0, end));
    expect({ end, taken: transcoder.encodeData(source, 0, source.length) }).toEqual({ end, taken: -1 });
  }
  const wrong = [
    '{"id":01,"text":"a"}',
    '{"id":1,"text":"a\u0001"}',
    '{"id":1,"text":"a","json":{"a" 1}}',
    '{"id":1 ,"text":"a"}',
  ];
  for (const text of wrong) {
    const source = Buffer.from(text);
    expect({ text, taken: transcoder.encodeData(source, 0, source.length) }).toEqual({ text, taken: -1 });
  }
  const invalidUtf8 = Buffer.from([...Buffer.from('{"id":1,"text":"'), 0xff, ...Buffer.from('"}')]);
  expect(transcoder.encodeData(invalidUtf8, 0, invalidUtf8.length)).toBe(-1);
});
