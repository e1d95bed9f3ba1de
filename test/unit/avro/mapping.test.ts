import { describeWriterSchema, exactAvroType, mapStream } from '@ewallet/avro';

const users = {
  name: 'users',
  namespace: 'public',
  primaryKey: [['id']],
  jsonSchema: {
    type: 'object',
    properties: {
      id: { type: ['null', 'integer'], airbyte_type: 'integer' },
      'date of birth': { type: ['null', 'string'], format: 'date' },
      balance: { type: ['null', 'number'], precision: 20, scale: 4 },
      tags: { type: ['null', 'array'], items: { type: ['null', 'string'] } },
      properties: { type: ['null', 'object'] },
    },
  },
};

test('a stream maps to a value record of nullable columns and metadata, and a key record of its primary key', () => {
  const { valueSchema, keySchema } = mapStream(users);
  expect(valueSchema).toEqual({
    type: 'record',
    name: 'users',
    namespace: 'public',
    fields: [
      { name: 'id', type: ['null', 'long'], default: null },
      {
        name: 'date_of_birth',
        type: ['null', { type: 'int', logicalType: 'date' }],
        default: null,
        'ewallet.name': 'date of birth',
      },
      {
        name: 'balance',
        type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 4 }],
        default: null,
      },
      { name: 'tags', type: ['null', { type: 'array', items: ['null', 'string'] }], default: null },
      { name: 'properties', type: ['null', { type: 'string', 'ewallet.kind': 'json' }], default: null },
      { name: '_airbyte_extracted_at', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: '_airbyte_meta', type: { type: 'string', 'ewallet.kind': 'json' } },
      { name: '_airbyte_generation_id', type: 'long' },
    ],
  });
  expect(keySchema).toEqual({
    type: 'record',
    name: 'users_key',
    namespace: 'public',
    fields: [{ name: 'id', type: 'long' }],
  });
});

test('a reader gets the columns back from the writer schema, original names included', () => {
  const { columns } = describeWriterSchema(mapStream(users).valueSchema);
  expect(columns.map(({ name, kind, nullBranch, metadata }) => ({ name, kind, nullBranch, metadata }))).toEqual([
    { name: 'id', kind: { kind: 'int64' }, nullBranch: 0, metadata: false },
    { name: 'date of birth', kind: { kind: 'date' }, nullBranch: 0, metadata: false },
    { name: 'balance', kind: { kind: 'decimal', precision: 20, scale: 4 }, nullBranch: 0, metadata: false },
    { name: 'tags', kind: { kind: 'array', items: { kind: 'text' } }, nullBranch: 0, metadata: false },
    { name: 'properties', kind: { kind: 'json' }, nullBranch: 0, metadata: false },
    { name: '_airbyte_extracted_at', kind: { kind: 'timestamptz' }, nullBranch: undefined, metadata: true },
    { name: '_airbyte_meta', kind: { kind: 'json' }, nullBranch: undefined, metadata: true },
    { name: '_airbyte_generation_id', kind: { kind: 'int64' }, nullBranch: undefined, metadata: true },
  ]);
});

test('a value record survives the exact Avro type with every digit', () => {
  const type = exactAvroType(mapStream(users).valueSchema);
  const value = {
    id: 9223372036854775807n,
    date_of_birth: 19000,
    balance: '-9999999999999999.9999',
    tags: ['a', null],
    properties: '{"n": 12345678901234567890}',
    _airbyte_extracted_at: 1_700_000_000_000_000,
    _airbyte_meta: '{}',
    _airbyte_generation_id: 0,
  };
  expect({ ...(type.fromBuffer(type.toBuffer(value)) as object) }).toEqual(value);
});
