import { types, Type, type Schema } from 'avsc';
import { formatDecimal, parseDecimal, unscaledFromBytes, unscaledToBytes } from './decimal';

function isLong(value: unknown): value is number | bigint {
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
}

/** Plain avsc throws above 2^53. Values within it stay numbers, so that ordinary code keeps working. */
const exactLong = types.LongType.__with({
  fromBuffer: (bytes: Buffer) => {
    const value = bytes.readBigInt64LE();
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  },
  toBuffer: (value: number | bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: (value: number | string) => BigInt(value),
  toJSON: (value: number | bigint) => Number(value),
  isValid: isLong,
  compare: (left: number | bigint, right: number | bigint) => (left === right ? 0 : left < right ? -1 : 1),
});

/** Decimals as their exact text, `12.5000` for decimal(20,4). */
class DecimalText extends types.LogicalType {
  private readonly precision: number | undefined;
  private readonly scale: number;

  constructor(schema: Schema, options?: unknown) {
    super(schema, options);
    const { precision, scale = 0 } = schema as { precision?: number; scale?: number };
    this.precision = precision;
    this.scale = scale;
  }

  /** Without it a type's own schema has no scale: whoever asks it would read 1.2500 as 12500. */
  override _export(schema: Schema): void {
    Object.assign(schema, { precision: this.precision, scale: this.scale });
  }

  override _fromValue(bytes: Buffer): string {
    return formatDecimal(unscaledFromBytes(bytes), this.scale);
  }

  override _toValue(text: unknown): Buffer | undefined {
    const unscaled = typeof text === 'string' ? parseDecimal(text, this.scale) : undefined;
    return unscaled === undefined ? undefined : unscaledToBytes(unscaled);
  }
}

function exactLongHook(schema: Schema): Type | undefined {
  const isLongSchema = schema === 'long' || (schema as { type?: unknown }).type === 'long';
  return isLongSchema ? exactLong : undefined;
}

/** What avsc makes of a schema. */
export type AvroType = Type;

/**
 * An avsc type that loses nothing: `long` (whatever its logical type) is a number up to 2^53 and a bigint above it,
 * `decimal` is exact text, every other logical type is its raw number or string.
 *
 * @param schema the parsed JSON of a schema, ours or foreign
 */
export function exactAvroType(schema: unknown): Type {
  return Type.forSchema(schema as Schema, {
    logicalTypes: { decimal: DecimalText },
    typeHook: exactLongHook,
    // Without a prototype: avsc takes a record called `toString` for defined already otherwise.
    registry: Object.create(null) as Record<string, Type>,
  });
}
