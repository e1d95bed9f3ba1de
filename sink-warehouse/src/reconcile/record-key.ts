import { describeWriterSchema, FRAME_BYTES, type SchemaRegistry } from '@ewallet/avro';
import type { RecordCursor } from '@ewallet/kafka';
import { FieldBytes } from '../avro/field-bytes';
import { GrowingBuffer } from '../bytes/growing-buffer';
import { keyColumns, type KeyRule } from '../tables/key-rule';

/** The bytes that make two records of a topic one row, as text. */
export class RecordKeys {
  private readonly slices = new Map<number, FieldBytes>();
  private readonly out = new GrowingBuffer(256);

  constructor(
    private readonly registry: SchemaRegistry,
    private readonly rule: KeyRule,
  ) {}

  /** Undefined where the record has no key by the rule. */
  async of(record: RecordCursor): Promise<string | undefined> {
    const { rule } = this;
    switch (rule.kind) {
      case 'none':
      case 'keyless':
      case 'coordinates':
        return undefined;
      case 'record-key':
        if (record.keyStart < 0) return undefined;
        // All fields of the key, or its single value: its bytes as they stand.
        if (rule.fields.length === 0)
          return record.bytes.toString('latin1', record.keyStart + FRAME_BYTES, record.keyEnd);
        return this.slice(record, record.keyStart, record.keyEnd, rule.fields);
      case 'record-value':
        if (record.valueStart < 0) return undefined;
        return this.slice(record, record.valueStart, record.valueEnd, rule.fields);
    }
  }

  private async slice(record: RecordCursor, start: number, end: number, fields: readonly string[]): Promise<string> {
    const { out, slices } = this;
    const id = record.bytes.readUInt32BE(start + 1);
    let slice = slices.get(id);
    if (slice === undefined) {
      const avro = await this.registry.schemaById(id);
      const isRecord = typeof avro === 'object' && avro !== null && 'type' in avro && avro.type === 'record';
      if (!isRecord) return record.bytes.toString('latin1', start + FRAME_BYTES, end);
      const schema = describeWriterSchema(avro);
      slices.set(id, (slice = new FieldBytes(schema, keyColumns(schema, fields, `schema ${id}`))));
    }
    out.length = 0;
    slice.append(record.bytes, start + FRAME_BYTES, end, out);
    return out.bytes.toString('latin1', 0, out.length);
  }
}
