import { Type } from 'avsc';
import { describeWriterSchema, exactAvroType } from '@ewallet/avro';
import { AvroBytes } from '../../../sink-warehouse/src/avro/avro-bytes';
import { jsonReader } from '../../../sink-warehouse/src/avro/value-json';
import { Dice, seedsOf } from '../../support/sink/schedule';

interface Made {
  readonly schema: unknown;
  readonly value: unknown;
}

/** A schema of random shape and a value of it. Each named type is used again wherever `names` picks it. */
function made(dice: () => number, depth: number, names: Map<string, () => unknown>): Made {
  const roll = (below: number) => Math.floor(dice() * below);
  const simple = ['int', 'string', 'boolean', 'double'] as const;
  switch (depth === 0 ? roll(5) : roll(10)) {
    case 0:
      return { schema: simple[0], value: roll(2 ** 31) - 2 ** 30 };
    case 1:
      return { schema: simple[1], value: ['', 'a"b', 'Zoë\u2028', '__proto__'][roll(4)] };
    case 2:
      return { schema: simple[2], value: roll(2) === 0 };
    case 3:
      return { schema: simple[3], value: roll(1000) / 8 };
    case 4: {
      const known = [...names][roll(names.size + 1)];
      if (known !== undefined) return { schema: known[0], value: known[1]() };
      const name = `E${names.size}`;
      const valueOf = () => ['ON', 'OFF'][roll(2)];
      names.set(`x.${name}`, valueOf);
      return { schema: { type: 'enum', name, symbols: ['ON', 'OFF'] }, value: valueOf() };
    }
    case 5:
    case 6: {
      const { schema, value } = made(dice, depth - 1, names);
      return { schema: { type: 'array', items: schema }, value: roll(2) === 0 ? [] : [value, value] };
    }
    case 7: {
      const { schema, value } = made(dice, depth - 1, names);
      return { schema: { type: 'map', values: schema }, value: { a: value, 'b c': value } };
    }
    case 8: {
      const { schema, value } = made(dice, depth - 1, names);
      if (Array.isArray(schema)) return { schema, value };
      return { schema: ['null', schema], value: roll(2) === 0 ? null : value };
    }
    default: {
      const name = `R${roll(1e9)}`;
      const fields = Array.from({ length: 1 + roll(3) }, (_, index) => ({
        name: `f${index}`,
        ...made(dice, depth - 1, names),
      }));
      const self = { name: 'next', schema: ['null', name], value: null };
      return {
        schema: {
          type: 'record',
          name,
          fields: [...fields, self].map(({ name: field, schema }) => ({ name: field, type: schema })),
        },
        value: Object.fromEntries([...fields, self].map(({ name: field, value }) => [field, value])),
      };
    }
  }
}

test.each(seedsOf(3))(
  'each field of 100 random records reads by itself, though its types are named in other fields, and is the JSON of what was written (seed %d)',
  (seed) => {
    const randomness = new Dice(seed);
    const dice = () => randomness.roll(1 << 30) / (1 << 30);
    for (let run = 0; run < 100; run += 1) {
      const names = new Map<string, () => unknown>();
      const fields = Array.from({ length: 4 }, (_, index) => ({ name: `f${index}`, ...made(dice, 3, names) }));
      const types = fields.map(({ name, schema: type }) => ({ name, type }));
      const schema = { type: 'record', name: 'Top', namespace: 'x', fields: types };
      const value = Object.fromEntries(fields.map(({ name, value: content }) => [name, content]));
      const bytes = Type.forSchema(schema as never).toBuffer(value);
      const reader = new AvroBytes();
      reader.open(bytes, 0, bytes.length);
      const read = describeWriterSchema(schema).columns.map((column) => {
        if (column.nullBranch !== undefined && reader.branch() === column.nullBranch) return null;
        return JSON.parse(jsonReader(exactAvroType(column.avroType))(reader)) as unknown;
      });
      expect(read).toEqual(fields.map(({ value: content }) => content));
      expect(reader.at).toBe(bytes.length);
    }
  },
);

test('a value that is nested deeper than JSON may be, or has more items than bytes, is refused', () => {
  const list = { type: 'record', name: 'L', fields: [{ name: 'next', type: ['null', 'L'] }] };
  const read = (schema: unknown, bytes: Buffer) => {
    const reader = new AvroBytes();
    reader.open(bytes, 0, bytes.length);
    return jsonReader(exactAvroType(schema))(reader);
  };
  expect(() => read(list, Buffer.alloc(20_000, 2))).toThrow(new RangeError('a value nested deeper than 2000 levels'));
  const nulls = { type: 'array', items: 'null' };
  expect(() => read(nulls, Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f, 0]))).toThrow(
    new RangeError('more items than the record has bytes'),
  );
});

test('a decimal inside another value keeps its scale, on bytes and on fixed', () => {
  const decimal = { logicalType: 'decimal', precision: 20, scale: 4 };
  const fixed = { ...decimal, type: 'fixed', name: 'Money', size: 9 };
  const schema = {
    type: 'record',
    name: 'Amounts',
    fields: [
      { name: 'list', type: { type: 'array', items: ['null', { ...decimal, type: 'bytes' }] } },
      { name: 'fixed', type: fixed },
      { name: 'named', type: { type: 'map', values: 'Money' } },
    ],
  };
  const type = exactAvroType(schema);
  const value = { list: ['1.2500', null, '-0.0001'], fixed: '9999999999999999.9999', named: { fee: '0.0000' } };
  const bytes = Type.forSchema({
    type: 'record',
    name: 'Amounts',
    fields: [
      { name: 'list', type: { type: 'array', items: ['null', 'bytes'] } },
      { name: 'fixed', type: { type: 'fixed', name: 'Money', size: 9 } },
      { name: 'named', type: { type: 'map', values: 'Money' } },
    ],
  }).toBuffer({
    list: [Buffer.from('30d4', 'hex'), null, Buffer.from('ff', 'hex')],
    fixed: Buffer.from('00056bc75e2d630fffff'.slice(2), 'hex'),
    named: { fee: Buffer.alloc(9) },
  });
  const reader = new AvroBytes();
  reader.open(bytes, 0, bytes.length);
  expect(JSON.parse(jsonReader(type)(reader))).toEqual(value);
});
