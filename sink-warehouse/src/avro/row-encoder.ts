import {
  exactAvroType,
  hasDeeperArrays,
  takeDeeperArrays,
  type ColumnKind,
  type WriterColumn,
  type WriterSchema,
} from '@ewallet/avro';
import type { GrowingBuffer } from '../bytes/growing-buffer';
import { AvroBytes } from './avro-bytes';
import { writeDecimal } from './decimal-field';
import { foreignSteps } from './foreign-steps';
import { numericFromText } from './numeric-binary';
import { timetzFromText } from './text-forms';
import { appendUuid } from './uuid-binary';
import { jsonReader } from './value-json';

/** Microseconds and days from Unix's epoch to PostgreSQL's, 2000-01-01. */
const EPOCH_DAYS = 10_957;
const EPOCH_MICROS_HIGH = 220_417; // 946684800000000 = 220417 * 2^32 + 993517568
const EPOCH_MICROS_LOW = 993_517_568;

/** Values longer than this in one field make COPY fail as a whole: PostgreSQL's 1 GB limit of a field. */
const MAX_FIELD_BYTES = 0x3fffffff;

type Step = (reader: AvroBytes, out: GrowingBuffer) => void;

/** One field of the writer schema: which output column it fills and how. */
interface Field {
  /** Index into the output row, or -1 for a field that does not land. */
  readonly column: number;
  readonly nullBranch: number | undefined;
  readonly write: Step;
  readonly skip: (reader: AvroBytes) => void;
}

/**
 * Turns the Avro bytes of one writer schema into fields of a binary COPY row without a JavaScript value for most of
 * them: a long is copied as two 32-bit halves, a string as its bytes.
 */
export class RowEncoder {
  private readonly fields: readonly Field[];
  private readonly inOrder: boolean;
  private readonly starts: Int32Array;
  private readonly byColumn: readonly (Field | undefined)[];
  private readonly fieldIndex: Int32Array;
  private readonly reader = new AvroBytes();
  /** Index of `_airbyte_meta` where the schema has arrays, whose deeper values it may carry; -1 where it has none. */
  private readonly meta: number;
  private readonly arrays: ReadonlyMap<string, Field>;

  /**
   * @param columnIndexes for each column of the schema, its place in the output row; -1 leaves it out
   * @param width how many columns the output row has here; those that no field fills are null
   */
  constructor(
    schema: WriterSchema,
    columnIndexes: readonly number[],
    private readonly width: number,
  ) {
    this.fields = schema.columns.map((column, index) => fieldOf(column, columnIndexes[index] ?? -1));
    this.arrays = new Map(
      schema.columns.flatMap(({ kind, name }, index) => {
        const field = this.fields[index];
        return kind.kind === 'array' && field !== undefined ? [[name, field]] : [];
      }),
    );
    this.meta = this.arrays.size === 0 ? -1 : schema.columns.findIndex(isMeta);
    const landing = columnIndexes.filter((index) => index >= 0);
    // What the metadata, at the end, carries for an array has to be known before the array is written.
    const follows = landing.every((column, index) => index === 0 || column > (landing[index - 1] ?? -1));
    this.inOrder = follows && this.meta < 0;
    this.starts = new Int32Array(this.fields.length);
    this.byColumn = Array.from({ length: width }, (_, column) => this.fields.find((field) => field.column === column));
    this.fieldIndex = Int32Array.from(this.byColumn, (field) =>
      field === undefined ? -1 : this.fields.indexOf(field),
    );
  }

  /**
   * Appends `width` COPY fields from the Avro record at `bytes[start, end)`.
   *
   * @throws RangeError when the bytes are no record of this schema or a value has no PostgreSQL form
   */
  encode(bytes: Buffer, start: number, end: number, out: GrowingBuffer): void {
    const { reader } = this;
    reader.open(bytes, start, end);
    if (this.inOrder) this.encodeInOrder(reader, out);
    else this.encodeByColumn(reader, out);
    if (reader.at !== end) throw new RangeError(`${end - reader.at} bytes are left after the last field`);
  }

  private encodeInOrder(reader: AvroBytes, out: GrowingBuffer): void {
    let column = 0;
    for (const field of this.fields) {
      if (field.column < 0) {
        skipField(field, reader);
        continue;
      }
      for (; column < field.column; column += 1) out.int32(-1);
      writeField(field, reader, out);
      column += 1;
    }
    for (; column < this.width; column += 1) out.int32(-1);
  }

  /** The table's order differs from the writer's: first find where each field starts, then write in the table's order. */
  private encodeByColumn(reader: AvroBytes, out: GrowingBuffer): void {
    this.fields.forEach((field, index) => {
      this.starts[index] = reader.at;
      skipField(field, reader);
    });
    const end = reader.at;
    const carried = this.meta < 0 ? undefined : this.carried(reader);
    for (let column = 0; column < this.width; column += 1) {
      const field = this.byColumn[column];
      if (field === undefined) {
        out.int32(-1);
        continue;
      }
      const text = carried?.get(field);
      if (text !== undefined) {
        writeJsonText(text, out);
        continue;
      }
      reader.at = this.starts[this.fieldIndex[column] ?? 0] ?? 0;
      writeField(field, reader, out);
    }
    reader.at = end;
  }

  /** What lands in place of the fields' own bytes: arrays that only the metadata holds, and the metadata without them. */
  private carried(reader: AvroBytes): ReadonlyMap<Field, string> | undefined {
    const meta = this.fields[this.meta];
    if (meta === undefined) return undefined;
    reader.at = this.starts[this.meta] ?? 0;
    const length = reader.length();
    const end = reader.at + length;
    if (!hasDeeperArrays(reader.bytes, reader.at, end)) return undefined;
    const taken = takeDeeperArrays(reader.bytes.subarray(reader.at, end));
    const landing = new Map([[meta, taken.meta]]);
    for (const [name, json] of taken.arrays) {
      const field = this.arrays.get(name);
      if (field === undefined)
        throw new RangeError(`its _airbyte_meta holds an array for ${JSON.stringify(name)}, which is none`);
      landing.set(field, json);
    }
    return landing;
  }
}

function isMeta({ metadata, field, kind, nullBranch }: WriterColumn): boolean {
  return metadata && field === '_airbyte_meta' && kind.kind === 'json' && nullBranch === undefined;
}

function writeField(field: Field, reader: AvroBytes, out: GrowingBuffer): void {
  if (field.nullBranch !== undefined && reader.branch() === field.nullBranch) out.int32(-1);
  else field.write(reader, out);
}

export function skipField(field: Field, reader: AvroBytes): void {
  if (field.nullBranch !== undefined && reader.branch() === field.nullBranch) return;
  field.skip(reader);
}

/** @param index place in the output row, or -1 for a field that does not land */
export function fieldOf(column: WriterColumn, index: number): Field {
  return { column: index, nullBranch: column.nullBranch, ...stepsOf(column.kind, column) };
}

function stepsOf(kind: ColumnKind, column: WriterColumn): Pick<Field, 'write' | 'skip'> {
  switch (kind.kind) {
    case 'boolean':
      return { write: writeBoolean, skip: (reader) => void reader.byte() };
    case 'int32':
      return { write: writeInt32, skip: skipVarint };
    case 'int64':
      return { write: writeInt64, skip: skipVarint };
    case 'time':
      return { write: writeInt64, skip: skipVarint };
    case 'date':
      return { write: writeDate, skip: skipVarint };
    case 'timestamp':
    case 'timestamptz':
      return { write: writeTimestamp, skip: skipVarint };
    case 'float':
      return {
        write: writeFloat,
        skip: (reader) => {
          reader.forward(4);
        },
      };
    case 'double':
      return {
        write: writeDouble,
        skip: (reader) => {
          reader.forward(8);
        },
      };
    case 'text':
    case 'bytes':
      return { write: writeBytes, skip: skipBytes };
    case 'json':
      return { write: writeJson, skip: skipBytes };
    case 'uuid':
      return { write: writeUuid, skip: skipBytes };
    case 'timetz':
      return { write: writeTimetz, skip: skipBytes };
    case 'decimalText':
      return { write: writeDecimalText, skip: skipBytes };
    case 'decimal':
      return { write: decimalWriter(kind.scale), skip: skipBytes };
    case 'array':
      return valueSteps(column);
    case 'foreign':
      return kind.shape.shape === 'value' ? valueSteps(column) : foreignSteps(kind.shape);
  }
}

const skipVarint = (reader: AvroBytes): void => {
  reader.varint();
};
const skipBytes = (reader: AvroBytes): void => {
  reader.forward(reader.length());
};

function writeBoolean(reader: AvroBytes, out: GrowingBuffer): void {
  out.int32(1);
  out.byte(reader.byte());
}

function writeInt32(reader: AvroBytes, out: GrowingBuffer): void {
  reader.varint();
  if (reader.high !== reader.low >> 31) throw new RangeError('an int beyond 32 bits');
  out.int32(4);
  out.int32(reader.low);
}

function writeInt64(reader: AvroBytes, out: GrowingBuffer): void {
  reader.varint();
  out.int32(8);
  out.int32(reader.high);
  out.int32(reader.low);
}

function writeDate(reader: AvroBytes, out: GrowingBuffer): void {
  reader.varint();
  if (reader.high !== reader.low >> 31) throw new RangeError('a date beyond 32 bits');
  out.int32(4);
  out.int32(reader.low - EPOCH_DAYS);
}

function writeTimestamp(reader: AvroBytes, out: GrowingBuffer): void {
  reader.varint();
  const low = (reader.low >>> 0) - EPOCH_MICROS_LOW;
  out.int32(8);
  out.int32(reader.high - EPOCH_MICROS_HIGH - (low < 0 ? 1 : 0));
  out.int32(low | 0);
}

function writeFloat(reader: AvroBytes, out: GrowingBuffer): void {
  out.int32(4);
  out.reversed(reader.bytes, reader.at, 4);
  reader.forward(4);
}

function writeDouble(reader: AvroBytes, out: GrowingBuffer): void {
  out.int32(8);
  out.reversed(reader.bytes, reader.at, 8);
  reader.forward(8);
}

function writeBytes(reader: AvroBytes, out: GrowingBuffer): void {
  const length = reader.length();
  if (length > MAX_FIELD_BYTES) throw new RangeError('a value longer than 1 GB');
  out.int32(length);
  out.copy(reader.bytes, reader.at, reader.at + length);
  reader.forward(length);
}

const JSONB_VERSION = 1;

function writeJson(reader: AvroBytes, out: GrowingBuffer): void {
  const length = reader.length();
  if (length >= MAX_FIELD_BYTES) throw new RangeError('a value longer than 1 GB');
  out.int32(length + 1);
  out.byte(JSONB_VERSION);
  out.copy(reader.bytes, reader.at, reader.at + length);
  reader.forward(length);
}

function writeJsonText(json: string, out: GrowingBuffer): void {
  const text = Buffer.from(json);
  out.int32(text.length + 1);
  out.byte(JSONB_VERSION);
  out.copy(text, 0, text.length);
}

function writeUuid(reader: AvroBytes, out: GrowingBuffer): void {
  const length = reader.length();
  appendUuid(reader.bytes, reader.at, reader.at + length, out);
  reader.forward(length);
}

function writeTimetz(reader: AvroBytes, out: GrowingBuffer): void {
  out.field(timetzFromText(reader.text()));
}

function writeDecimalText(reader: AvroBytes, out: GrowingBuffer): void {
  out.field(numericFromText(reader.text()));
}

/** Two's complement, big endian, after its length. */
function decimalWriter(scale: number): Step {
  return (reader, out) => {
    writeDecimal(reader, reader.length(), scale, out);
  };
}

/** Shapes that are rare in a wallet land as JSON. */
function valueSteps(column: WriterColumn): Pick<Field, 'write' | 'skip'> {
  const read = jsonReader(exactAvroType(column.avroType));
  const isWideUnion = Array.isArray(column.avroType);
  return {
    write: (reader, out) => {
      const json = read(reader);
      if (json === 'null' && isWideUnion) {
        out.int32(-1);
        return;
      }
      writeJsonText(json, out);
    },
    skip: (reader) => void read(reader),
  };
}
