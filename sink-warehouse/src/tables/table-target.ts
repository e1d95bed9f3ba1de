import type { WriterSchema } from '@ewallet/wire';
import { Failure } from '@ewallet/failure';
import { RowEncoder } from '../avro/row-encoder';
import type { RecordCursor } from '../kafka/record-batch';
import type { GrowingBuffer } from '../load/growing-buffer';
import type { TableName } from './table-name';
import {
  AIRBYTE_COLUMNS,
  EMPTY_LAYOUT,
  extendLayout,
  LINEAGE_COLUMNS,
  type Layout,
  type LandingColumn,
} from './layout';

/** The five bytes of Confluent's wire format before Avro's. */
const FRAME = 5;

/** Writes the columns after the lineage of one pair of key and value schema. */
export interface RecordEncoder {
  /** Fields of the whole row, lineage included. */
  readonly width: number;
  encode(record: RecordCursor, out: GrowingBuffer): void;
}

/**
 * A topic's table as the sink knows it: its name, the columns that rows land in, and an encoder for each writer schema.
 * Columns are remembered for as long as the process lives and only grow.
 */
export class TableTarget {
  private current: Layout;
  private keyColumns: readonly LandingColumn[] = [];
  private readonly encoders = new Map<string, RecordEncoder>();
  private readonly keyEncoders = new Map<number, (record: RecordCursor, out: GrowingBuffer) => void>();

  /** @param isKeyed false where records carry no key or every record is wanted: rows are then appended */
  constructor(
    readonly topic: string,
    readonly stream: string,
    readonly name: TableName,
    readonly isKeyed: boolean,
  ) {
    this.current = { columns: [...AIRBYTE_COLUMNS], slots: slotsOf(AIRBYTE_COLUMNS) };
  }

  get layout(): Layout {
    return this.current;
  }

  /** The primary key, from the key schema; empty for tables that are appended to. */
  get key(): readonly LandingColumn[] {
    return this.keyColumns;
  }

  /** The encoder for this pair of schemas, if it was prepared. */
  encoder(keySchemaId: number, valueSchemaId: number): RecordEncoder | undefined {
    return this.encoders.get(`${keySchemaId}/${valueSchemaId}`);
  }

  keyEncoder(keySchemaId: number): ((record: RecordCursor, out: GrowingBuffer) => void) | undefined {
    return this.keyEncoders.get(keySchemaId);
  }

  /** Makes the encoder for a pair of schemas; the layout gets the columns that it did not have. */
  prepare(
    keySchemaId: number,
    key: WriterSchema | undefined,
    valueSchemaId: number,
    value: WriterSchema,
  ): RecordEncoder {
    if (this.isKeyed && key !== undefined) {
      this.prepareKey(keySchemaId, key);
      this.refuseKeyOnlyColumns(key, value);
    }
    const { layout, slots } = extendLayout(this.current, value, this.topic);
    // Encoders of a narrower layout are made anew when their schema comes again; rows that they wrote say how wide they are.
    if (layout.columns.length > this.current.columns.length) this.encoders.clear();
    this.current = layout;
    const values = new RowEncoder(value, slots, layout.columns.length);
    const encoder: RecordEncoder = {
      width: LINEAGE_COLUMNS.length + layout.columns.length,
      encode: (record, out) => {
        values.encode(record.bytes, record.valueStart + FRAME, record.valueEnd, out);
      },
    };
    this.encoders.set(`${keySchemaId}/${valueSchemaId}`, encoder);
    return encoder;
  }

  /** Makes the encoder of tombstones, and learns the primary key. */
  prepareKey(keySchemaId: number, key: WriterSchema): (record: RecordCursor, out: GrowingBuffer) => void {
    const { layout, slots } = extendLayout(EMPTY_LAYOUT, key, this.topic);
    if (this.keyColumns.length > 0 && !sameNames(this.keyColumns, layout.columns)) {
      throw Failure.config(
        `${this.topic}: the key changed from (${names(this.keyColumns)}) to (${names(layout.columns)}). Write the new key to a new topic.`,
      );
    }
    if (this.keyColumns.length === 0) this.keyColumns = layout.columns;
    const encoder = new RowEncoder(key, slots, layout.columns.length);
    const encode = (record: RecordCursor, out: GrowingBuffer): void => {
      out.int16(layout.columns.length);
      encoder.encode(record.bytes, record.keyStart + FRAME, record.keyEnd, out);
    };
    this.keyEncoders.set(keySchemaId, encode);
    return encode;
  }

  private refuseKeyOnlyColumns(key: WriterSchema, value: WriterSchema): void {
    const valueNames = new Set(value.columns.map(({ name }) => name));
    const missing = key.columns.filter(({ name }) => !valueNames.has(name)).map(({ name }) => name);
    if (missing.length === 0) return;
    throw Failure.config(
      `${this.topic}: the key's column ${missing.join(', ')} is not in the value. Add it to the value, or name the value's own key in pk.fields with pk.mode=record_value.`,
    );
  }
}

function slotsOf(columns: readonly LandingColumn[]): ReadonlyMap<string, number> {
  return new Map(columns.map(({ name, type }, index) => [`${name}\u0000${type}`, index]));
}

function sameNames(a: readonly LandingColumn[], b: readonly LandingColumn[]): boolean {
  return a.length === b.length && a.every(({ name }, index) => name === b[index]?.name);
}

function names(columns: readonly LandingColumn[]): string {
  return columns.map(({ name }) => name).join(', ');
}
