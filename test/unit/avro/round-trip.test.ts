import { describeWriterSchema, frameHeader, mapStream, type StreamMapping } from '@ewallet/avro';
import * as fc from 'fast-check';
import { RecordEncoder } from '../../../destination-kafka/src/encode/record-encoder';
import { Transcoder } from '../../../destination-kafka/src/encode/transcoder';
import { stream, type Stream } from '../../support/destination/airbyte-streams';
import { asExpected, plainAvroType } from '../../support/destination/plain-avro';

const options = { syncId: undefined, generationId: 0n, unfitValues: 'unfit_record' as const };

function mappingOf({ name, namespace, jsonSchema }: Stream): StreamMapping {
  return mapStream({ name, namespace, jsonSchema });
}

/** The value's Avro bytes by each of the two encoders; the fast one may decline. */
function encodings(mapping: StreamMapping, data: string): readonly Buffer[] {
  const line = `{"type":"RECORD","record":{"stream":"x","data":${data},"emitted_at":1700000000000}}`;
  const encoded = new RecordEncoder(mapping, options).encode(Buffer.from(line), line);
  if (encoded.kind === 'unfit') throw new Error(encoded.reason);
  const frames = { key: frameHeader(1), value: frameHeader(2) };
  const transcoder = new Transcoder(mapping, frames, options);
  const source = Buffer.from(data);
  const reference = Buffer.concat([encoded.data, encoded.metadata]);
  if (transcoder.encodeData(source, 0, source.length) < 0) return [reference];
  transcoder.encodeMetadata(1_700_000_000_000);
  return [reference, Buffer.from(transcoder.value.subarray(frames.value.length, transcoder.valueEnd))];
}

test('any JSON schema of a source becomes a valid Avro schema, and any record valid for it comes back as the same values', () => {
  let transcoded = 0;
  fc.assert(
    fc.property(stream, (given) => {
      const mapping = mappingOf(given);
      const type = plainAvroType(mapping.valueSchema);
      const columns = Object.keys(given.tokens);
      expect(
        describeWriterSchema(mapping.valueSchema)
          .columns.filter(({ metadata }) => !metadata)
          .map(({ name }) => name),
      ).toEqual(columns);
      const written = encodings(mapping, given.data);
      transcoded += written.length - 1;
      for (const bytes of written) {
        const decoded = type.fromBuffer(bytes) as Record<string, unknown>;
        const read = mapping.columns.map(({ name, field }) => [
          name,
          asExpected(decoded[field], given.tokens[name]!.expected),
        ]);
        expect(read).toEqual(columns.map((name) => [name, given.tokens[name]!.expected]));
        expect(decoded._airbyte_meta).toBe('{"changes":[]}');
      }
    }),
    { numRuns: 400 },
  );
  expect(transcoded).toBeGreaterThan(40);
});

test('1,600 columns in any alphabet make one valid schema, and every value comes back', () => {
  const names = Array.from(
    { length: 1600 },
    (_, index) => `столбец ${index % 40}-${String.fromCodePoint(0x4e00 + index)}`,
  );
  const mapping = mapStream({
    name: 'wide',
    namespace: 'public',
    jsonSchema: { properties: Object.fromEntries(names.map((name) => [name, { type: 'integer' }])) },
  });
  const data = `{${names.map((name, index) => `${JSON.stringify(name)}:${index}`).join(',')}}`;
  for (const bytes of encodings(mapping, data)) {
    const decoded = plainAvroType(mapping.valueSchema).fromBuffer(bytes) as Record<string, unknown>;
    expect(mapping.columns.map(({ name, field }) => [name, decoded[field]])).toEqual(
      names.map((name, index) => [name, BigInt(index)]),
    );
  }
  expect(encodings(mapping, data)).toHaveLength(2);
});

test('a stream without columns has the metadata alone', () => {
  for (const jsonSchema of [{}, { type: 'object' }, { properties: {} }, { properties: null }, true]) {
    const mapping = mapStream({ name: 'empty', namespace: undefined, jsonSchema });
    expect(mapping.valueSchema.fields.map(({ name }) => name)).toEqual([
      '_airbyte_extracted_at',
      '_airbyte_meta',
      '_airbyte_generation_id',
    ]);
    const [bytes] = encodings(mapping, '{"undeclared":1.50}');
    expect(plainAvroType(mapping.valueSchema).fromBuffer(bytes!)).toMatchObject({
      _airbyte_meta: '{"changes":[],"additional_properties":{"undeclared":1.50}}',
    });
  }
});

test('a schema or a value nested 100,000 deep costs no stack', () => {
  const nested = (wrap: (inner: unknown) => unknown): unknown => {
    let schema: unknown = { type: 'integer' };
    for (let depth = 0; depth < 100_000; depth += 1) schema = wrap(schema);
    return schema;
  };
  const { columns } = mapStream({
    name: 'deep',
    namespace: undefined,
    jsonSchema: {
      properties: {
        arrays: nested((items) => ({ type: 'array', items })),
        objects: nested((inner) => ({ type: 'object', properties: { inner } })),
        choices: nested((inner) => ({ oneOf: [{ type: 'null' }, inner] })),
        both: nested((inner) => ({ anyOf: [{ type: 'array', items: inner }] })),
      },
    },
  });
  expect(columns.map(({ name, kind }) => [name, kind.kind])).toEqual([
    ['arrays', 'json'],
    ['objects', 'json'],
    ['choices', 'json'],
    ['both', 'json'],
  ]);
  const mapping = mapStream({ name: 'deep', jsonSchema: { properties: { value: { type: 'object' } } } });
  const value = '{"a":['.repeat(100_000) + ']}'.repeat(100_000);
  for (const bytes of encodings(mapping, `{"value":${value}}`)) {
    expect((plainAvroType(mapping.valueSchema).fromBuffer(bytes) as { value: string }).value === value).toBe(true);
  }
});

const fieldsOf = (...names: readonly string[]): readonly string[] =>
  mapStream({
    name: 'names',
    jsonSchema: { properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) },
  }).columns.map(({ field }) => field);

test('names that meet after sanitising stay apart, whatever their order, even where one imitates the hash of another', () => {
  const [hashed] = fieldsOf('a-b', 'a_b');
  expect(fieldsOf('a_b', 'a-b')).toEqual(['a_b', hashed]);
  expect(hashed).toMatch(/^a_b_[0-9a-f]{8}$/);
  const imitated = fieldsOf('a-b', 'a_b', hashed!);
  expect(new Set(imitated).size).toBe(3);
  expect(imitated.slice(1)).toEqual(['a_b', hashed]);
  expect(fieldsOf('__proto__', 'constructor')).toEqual([
    expect.stringMatching(/^__proto___[0-9a-f]{8}$/),
    'constructor',
  ]);
});

test('a precision that no database has is carried as text, not computed with', () => {
  const kindOf = (schema: unknown): unknown =>
    mapStream({ name: 'n', jsonSchema: { properties: { n: schema } } }).columns[0]?.kind;
  expect(kindOf({ type: 'number', precision: 1e15, scale: 2 })).toEqual({ kind: 'decimalText' });
  expect(kindOf({ type: 'number', precision: 5, scale: -1e9 })).toEqual({ kind: 'decimalText' });
  expect(kindOf({ type: 'number', precision: 1000, scale: -1000 })).toEqual({
    kind: 'decimal',
    precision: 2000,
    scale: 0,
  });
});
