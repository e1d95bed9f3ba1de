import type { WriterColumn, WriterSchema } from '@ewallet/avro';
import type { GrowingBuffer } from '../bytes/growing-buffer';
import { AvroBytes } from './avro-bytes';
import { fieldOf } from './row-encoder';

/**
 * The Avro bytes of chosen fields, which tell one key from another without decoding it. An int and a long of the same
 * value have the same bytes, and a union's branch is left out, so that a key whose type is widened stays the same key.
 */
export class FieldBytes {
  private readonly fields: readonly ReturnType<typeof fieldOf>[];
  private readonly places: readonly number[];
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  private readonly reader = new AvroBytes();

  constructor(schema: WriterSchema, chosen: readonly WriterColumn[]) {
    this.fields = schema.columns.map((column) => fieldOf(column, -1));
    this.places = chosen.map((column) => schema.columns.indexOf(column));
    this.starts = new Int32Array(this.fields.length);
    this.ends = new Int32Array(this.fields.length);
  }

  /**
   * Appends the chosen fields, each after its length, of the record at `bytes[start, end)`.
   *
   * @throws RangeError when the bytes are no record of the schema
   */
  append(bytes: Buffer, start: number, end: number, out: GrowingBuffer): void {
    const { reader } = this;
    reader.open(bytes, start, end);
    this.fields.forEach((field, index) => {
      const isNull = field.nullBranch !== undefined && reader.branch() === field.nullBranch;
      this.starts[index] = isNull ? -1 : reader.at;
      if (!isNull) field.skip(reader);
      this.ends[index] = reader.at;
    });
    for (const place of this.places) {
      const from = this.starts[place] ?? -1;
      const to = this.ends[place] ?? 0;
      out.int32(from < 0 ? -1 : to - from);
      if (from >= 0) out.copy(bytes, from, to);
    }
  }
}
