import { type AvroType, formatDecimal, unscaledFromBytes } from '@ewallet/avro';
import type { AvroBytes } from './avro-bytes';

/** Reads one Avro value and returns it as JSON text. */
export type ReadJson = (reader: AvroBytes) => string;

/** What a type is made of; each kind has its own of these. */
interface Parts {
  readonly size: number;
  readonly symbols: readonly string[];
  readonly itemsType: AvroType;
  readonly valuesType: AvroType;
  readonly fields: readonly { readonly name: string; readonly type: AvroType }[];
  readonly types: readonly AvroType[];
  readonly underlyingType: AvroType;
}

/** PostgreSQL refuses deeper JSON by its own stack limit; ours would end the process first. */
const MAX_DEPTH = 2000;

/**
 * JSON text of Avro values, made from the bytes: an object of JavaScript would lose members called `__proto__`. Integers
 * have all their digits, bytes are base64, decimals are text, and a float that JSON cannot write is null. A union whose
 * branches JSON cannot tell apart names the branch, as Avro's own JSON does.
 *
 * @param type what `exactAvroType` gives; it may be recursive
 */
export function jsonReader(type: AvroType): ReadJson {
  return new Readers().of(type);
}

class Readers {
  private readonly known = new Map<AvroType, ReadJson>();
  private depth = 0;

  of(type: AvroType): ReadJson {
    const known = this.known.get(type);
    if (known !== undefined) return known;
    // A recursive type finds this in place of itself while it is made.
    const nested: ReadJson = (reader) => {
      this.depth += 1;
      try {
        if (this.depth > MAX_DEPTH) throw new RangeError(`a value nested deeper than ${MAX_DEPTH} levels`);
        return made(reader);
      } finally {
        this.depth -= 1;
      }
    };
    this.known.set(type, nested);
    const made = this.make(type);
    return nested;
  }

  private make(type: AvroType): ReadJson {
    switch (type.typeName) {
      case 'null':
        return () => 'null';
      case 'boolean':
        return (reader) => (reader.byte() === 0 ? 'false' : 'true');
      case 'int':
      case 'long':
      case 'abstract:long':
        return (reader) => {
          reader.varint();
          return ((BigInt(reader.high) << 32n) | BigInt(reader.low >>> 0)).toString();
        };
      case 'float':
        return (reader) => float(take(reader, 4).readFloatLE());
      case 'double':
        return (reader) => float(take(reader, 8).readDoubleLE());
      case 'string':
        return (reader) => JSON.stringify(take(reader, reader.length()).toString('utf8'));
      case 'bytes':
        return (reader) => base64(take(reader, reader.length()));
      case 'fixed': {
        const { size } = partsOf(type);
        return (reader) => base64(take(reader, size));
      }
      case 'enum':
        return enumReader(partsOf(type).symbols);
      case 'array': {
        const item = this.of(partsOf(type).itemsType);
        return (reader) => `[${blocks(reader, () => item(reader)).join(',')}]`;
      }
      case 'map': {
        const value = this.of(partsOf(type).valuesType);
        const member = (reader: AvroBytes) =>
          `${JSON.stringify(take(reader, reader.length()).toString('utf8'))}:${value(reader)}`;
        return (reader) => `{${blocks(reader, () => member(reader)).join(',')}}`;
      }
      case 'record':
      case 'error': {
        const fields = partsOf(type).fields.map(
          (field) => [`${JSON.stringify(field.name)}:`, this.of(field.type)] as const,
        );
        return (reader) => `{${fields.map(([name, read]) => name + read(reader)).join(',')}}`;
      }
      case 'union:unwrapped':
      case 'union:wrapped':
        return this.union(partsOf(type), type.typeName === 'union:wrapped');
      case 'logical:decimal':
        return decimalReader(type);
      default:
        throw new RangeError(`an Avro type of an unknown kind, ${type.typeName}`);
    }
  }

  private union(union: { readonly types: readonly AvroType[] }, isWrapped: boolean): ReadJson {
    const branches = union.types.map((branch) => {
      const read = this.of(branch);
      const name = JSON.stringify(branch.branchName ?? branch.typeName);
      return !isWrapped || branch.typeName === 'null' ? read : (reader: AvroBytes) => `{${name}:${read(reader)}}`;
    });
    return (reader) => {
      const branch = branches[reader.branch()];
      if (branch === undefined || reader.high !== 0) throw new RangeError('a union beyond its branches');
      return branch(reader);
    };
  }
}

function partsOf(type: AvroType): Parts {
  return type as unknown as Parts;
}

function enumReader(symbols: readonly string[]): ReadJson {
  return (reader) => {
    reader.varint();
    const symbol = reader.high === 0 ? symbols[reader.low] : undefined;
    if (symbol === undefined) throw new RangeError('an enum beyond its symbols');
    return JSON.stringify(symbol);
  };
}

function decimalReader(type: AvroType): ReadJson {
  const { underlyingType } = partsOf(type);
  const { scale = 0 } = type.schema({ exportAttrs: true }) as { readonly scale?: number };
  const size = underlyingType.typeName === 'fixed' ? partsOf(underlyingType).size : undefined;
  return (reader) => JSON.stringify(formatDecimal(unscaledFromBytes(take(reader, size ?? reader.length())), scale));
}

/** Items of an array or a map: blocks with a count each; a negative count is followed by the block's size in bytes. */
function blocks(reader: AvroBytes, read: () => string): string[] {
  const items: string[] = [];
  for (;;) {
    reader.varint();
    let count = reader.high * 0x1_0000_0000 + (reader.low >>> 0);
    if (count === 0) return items;
    if (count < 0) {
      count = -count;
      reader.varint();
    }
    for (let index = 0; index < count; index += 1) {
      // Items of no bytes (null) could make a hundred bytes fill the memory.
      if (index > 0 && items.length > reader.end) throw new RangeError('more items than the record has bytes');
      items.push(read());
    }
  }
}

function take(reader: AvroBytes, length: number): Buffer {
  const start = reader.at;
  reader.forward(length);
  return reader.bytes.subarray(start, start + length);
}

function float(value: number): string {
  return Number.isFinite(value) ? JSON.stringify(value) : 'null';
}

function base64(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('base64'));
}
