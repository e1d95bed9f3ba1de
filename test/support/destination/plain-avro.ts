import { Type, types, type Schema } from 'avsc';
import type { Expected } from './airbyte-streams';

const bigLong = types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (left: bigint, right: bigint) => Number(left > right) - Number(left < right),
});

/** A schema in avsc as it comes, but for longs as bigints: no logical type, nothing of the product's own. */
export function plainAvroType(schema: unknown): Type {
  return Type.forSchema(schema as Schema, {
    registry: Object.create(null) as Record<string, Type>, // avsc finds a record called `toString` in an ordinary object
    typeHook: (part) => (part === 'long' || (part as { type?: unknown }).type === 'long' ? bigLong : undefined),
  });
}

/** Big endian two's complement, as the Avro specification has it for decimals. */
function unscaledOf(bytes: Buffer): bigint {
  return bytes.reduce(
    (value, byte, index) => (index === 0 ? BigInt.asIntN(8, BigInt(byte)) : value * 256n + BigInt(byte)),
    0n,
  );
}

/** What a plain reader got, in the terms of what was sent. */
export function asExpected(decoded: unknown, expected: Expected): unknown {
  if (decoded === null) return { kind: 'null' };
  switch (expected.kind) {
    case 'null':
      return decoded;
    case 'plain':
      return { kind: 'plain', value: decoded };
    case 'long':
      return { kind: 'long', value: decoded };
    case 'decimal':
      return { kind: 'decimal', unscaled: unscaledOf(decoded as Buffer) };
    case 'bytes':
      return { kind: 'bytes', hex: (decoded as Buffer).toString('hex') };
    case 'list':
      return {
        kind: 'list',
        items: (decoded as unknown[]).map((item, index) =>
          asExpected(unionValue(item), expected.items[index] ?? { kind: 'null' }),
        ),
      };
    default:
      return expected satisfies never;
  }
}

/** avsc gives branches of some unions wrapped in an object of one member. */
function unionValue(item: unknown): unknown {
  if (item === null || typeof item !== 'object' || Buffer.isBuffer(item)) return item;
  const [first] = Object.values(item) as readonly unknown[];
  return first;
}
