import type { ForeignShape } from '@ewallet/avro';
import type { GrowingBuffer } from '../bytes/growing-buffer';
import type { AvroBytes } from './avro-bytes';
import { writeDecimal } from './decimal-field';

interface Steps {
  readonly write: (reader: AvroBytes, out: GrowingBuffer) => void;
  readonly skip: (reader: AvroBytes) => void;
}

const EPOCH_MICROS = 946_684_800_000_000n; // 2000-01-01 in microseconds since 1970
const UUID_BYTES = 16;
const DURATION_BYTES = 12;

/** Avro types that our destination never writes, but whose sense PostgreSQL has a type for. */
export function foreignSteps(shape: Exclude<ForeignShape, { shape: 'value' }>): Steps {
  switch (shape.shape) {
    case 'enum':
      return enumSteps(shape.symbols);
    case 'millis':
      return {
        write: (reader, out) => {
          const micros = readLong(reader) * 1000n - (shape.of === 'time' ? 0n : EPOCH_MICROS);
          if (BigInt.asIntN(64, micros) !== micros) throw new RangeError('a time beyond what PostgreSQL holds');
          out.int32(8);
          out.int32(Number(micros >> 32n));
          out.int32(Number(micros & 0xffff_ffffn) | 0);
        },
        skip: (reader) => {
          reader.varint();
        },
      };
    case 'fixedDecimal':
      return {
        write: (reader, out) => {
          writeDecimal(reader, shape.size, shape.scale, out);
        },
        skip: skipper(shape.size),
      };
    case 'fixedUuid':
      return fixedSteps(UUID_BYTES);
    case 'fixed':
      return fixedSteps(shape.size);
    case 'duration':
      return { write: writeDuration, skip: skipper(DURATION_BYTES) };
  }
}

function enumSteps(symbols: readonly string[]): Steps {
  const texts = symbols.map((symbol) => Buffer.from(symbol));
  return {
    write: (reader, out) => {
      reader.varint();
      const text = reader.high === 0 ? texts[reader.low] : undefined;
      if (text === undefined) throw new RangeError('an enum beyond its symbols');
      out.field(text);
    },
    skip: (reader) => {
      reader.varint();
    },
  };
}

function fixedSteps(size: number): Steps {
  return {
    write: (reader, out) => {
      const { bytes, at } = reader;
      reader.forward(size);
      out.int32(size);
      out.copy(bytes, at, at + size);
    },
    skip: skipper(size),
  };
}

/** Binary interval: int64 microseconds, int32 days, int32 months. */
function writeDuration(reader: AvroBytes, out: GrowingBuffer): void {
  const { bytes, at } = reader;
  reader.forward(DURATION_BYTES);
  const [months, days, millis] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at + 8)];
  if (months > 0x7fff_ffff || days > 0x7fff_ffff) throw new RangeError('a duration beyond what PostgreSQL holds');
  out.int32(16);
  out.int64(millis * 1000);
  out.int32(days);
  out.int32(months);
}

function readLong(reader: AvroBytes): bigint {
  reader.varint();
  return (BigInt(reader.high) << 32n) | BigInt(reader.low >>> 0);
}

function skipper(size: number): Steps['skip'] {
  return (reader) => {
    reader.forward(size);
  };
}
